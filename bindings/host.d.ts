// What the script host gives to every script.

interface Console {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  table(data: unknown, columns?: readonly string[]): void;
  dir(value: unknown, options?: Record<string, unknown>): void;
  trace(...values: unknown[]): void;
  assert(condition: unknown, ...values: unknown[]): void;
  time(label?: string): void;
  timeLog(label?: string, ...values: unknown[]): void;
  timeEnd(label?: string): void;
  count(label?: string): void;
  countReset(label?: string): void;
  group(...values: unknown[]): void;
  groupEnd(): void;
}

declare const console: Console;
// For using; the same declaration as in TypeScript's esnext.disposable.
interface SymbolConstructor {
  readonly dispose: unique symbol;
}

declare const global: typeof globalThis;
declare const performance: { now(): number; readonly timeOrigin: number };

declare function setTimeout(callback: (...args: any[]) => void, delay?: number, ...args: any[]): unknown;
declare function clearTimeout(timer: unknown): void;
declare function setInterval(callback: (...args: any[]) => void, delay?: number, ...args: any[]): unknown;
declare function clearInterval(timer: unknown): void;
declare function setImmediate(callback: (...args: any[]) => void, ...args: any[]): unknown;
declare function clearImmediate(timer: unknown): void;
declare function queueMicrotask(callback: () => void): void;
declare function structuredClone<T>(value: T): T;
declare function atob(text: string): string;
declare function btoa(text: string): string;

declare class TextEncoder {
  readonly encoding: "utf-8";
  encode(text?: string): Uint8Array;
  encodeInto(text: string, to: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(encoding?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  decode(bytes?: ArrayBufferView | ArrayBuffer): string;
}

/** Of Node's names, what libraries look at. */
declare const process: { readonly env: Record<string, string | undefined>; readonly argv: string[]; readonly platform: string; [name: string]: any };
declare const Buffer: any;
declare const crypto: { getRandomValues<T extends ArrayBufferView>(array: T): T; randomUUID(): string };
declare class URL {
  constructor(url: string, base?: string | URL);
  href: string;
  readonly origin: string;
  protocol: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  hash: string;
  readonly searchParams: any;
  toString(): string;
}

/** Loads a module: a path that begins with a dot, "svscript/…" of the bundled library, or a package. */
declare function require(module: string): any;
declare const module: { exports: any };
declare const exports: any;
