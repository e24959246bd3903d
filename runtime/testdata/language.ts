// TypeScript as scripts write it. Run by TestScripts.
import type { Missing } from "./types-only";
import { Buffer } from "buffer";

enum Kind { A, B = "b" }
namespace Space { export const x = 1; }
interface Row { readonly a: number; b?: string }
abstract class Base<T> {
	constructor(protected readonly value: T, private tag = "t") {}
	abstract get(): T;
	describe(this: Base<T>): string { return `${this.tag}:${String(this.value)}`; }
}
class Derived extends Base<bigint> {
	static #count = 0;
	override get(): bigint { Derived.#count++; return this.value; }
	static get count() { return Derived.#count; }
}
function overload(x: string): string;
function overload(x: number): number;
function overload(x: any) { return x; }
const row = { a: 1 } satisfies Row;
let unused: Missing | undefined;

export async function* numbers(n: number): AsyncGenerator<number> { for (let i = 0; i < n; i++) yield i; }

export async function main(args: string[]): Promise<string> {
	const d = new Derived(5n);
	let sum = 0;
	for await (const x of numbers(4)) sum += x;
	const got = [Kind.A, Kind.B, Space.x, d.get(), d.describe(), Derived.count, overload(2)!, row.a, sum, unused ?? null,
		Buffer.from("x").length, (args as unknown as { length: number }).length, (await import("./builtins-part.mjs")).default].join();
	if (got !== "0,b,1,5,t:5,1,2,1,6,,1,0,part") throw new Error(got);
	return "ok";
}
