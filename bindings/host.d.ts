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

// A script does not wait for a timeout after unref(); an immediate always runs.
interface Immediate {
  ref(): this;
  unref(): this;
  hasRef(): boolean;
  [Symbol.toPrimitive](): number;
}
interface Timeout extends Immediate {
  refresh(): this;
}
declare function setTimeout(callback: (...args: any[]) => void, delay?: number, ...args: any[]): Timeout;
declare function clearTimeout(timer: Timeout | number | undefined | null): void;
declare function setInterval(callback: (...args: any[]) => void, delay?: number, ...args: any[]): Timeout;
declare function clearInterval(timer: Timeout | number | undefined | null): void;
declare function setImmediate(callback: (...args: any[]) => void, ...args: any[]): Immediate;
declare function clearImmediate(timer: Immediate | number | undefined | null): void;
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
  username: string;
  password: string;
  readonly searchParams: URLSearchParams;
  toString(): string;
  toJSON(): string;
  static canParse(url: string, base?: string | URL): boolean;
}

declare class URLSearchParams {
  constructor(init?: string | Record<string, string> | Iterable<readonly [string, string]>);
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(callback: (value: string, name: string, params: URLSearchParams) => void): void;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  entries(): IterableIterator<[string, string]>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
  toString(): string;
}

declare class Event {
  constructor(type: string, options?: { cancelable?: boolean });
  readonly type: string;
  readonly target: EventTarget | null;
  readonly defaultPrevented: boolean;
  preventDefault(): void;
  stopPropagation(): void;
  stopImmediatePropagation(): void;
}

declare class CustomEvent<T = any> extends Event {
  constructor(type: string, options?: { cancelable?: boolean; detail?: T });
  readonly detail: T;
}

type EventListener = ((event: any) => void) | { handleEvent(event: any): void };

declare class EventTarget {
  constructor();
  addEventListener(type: string, listener: EventListener | null, options?: boolean | { once?: boolean; signal?: AbortSignal }): void;
  removeEventListener(type: string, listener: EventListener | null, options?: boolean | {}): void;
  dispatchEvent(event: Event): boolean;
}

declare class AbortSignal extends EventTarget {
  private constructor();
  readonly aborted: boolean;
  readonly reason: any;
  onabort: ((event: any) => void) | null;
  throwIfAborted(): void;
  static abort(reason?: unknown): AbortSignal;
  static timeout(milliseconds: number): AbortSignal;
  static any(signals: Iterable<AbortSignal>): AbortSignal;
}

declare class AbortController {
  constructor();
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

// Of the language, what compilers of 2025 do not all declare.

interface Uint8Array {
  toHex(): string;
  toBase64(options?: { alphabet?: "base64" | "base64url"; omitPadding?: boolean }): string;
  setFromHex(text: string): { read: number; written: number };
  setFromBase64(text: string, options?: { alphabet?: "base64" | "base64url"; lastChunkHandling?: string }): { read: number; written: number };
}

interface Uint8ArrayConstructor {
  fromHex(text: string): Uint8Array;
  fromBase64(text: string, options?: { alphabet?: "base64" | "base64url"; lastChunkHandling?: string }): Uint8Array;
}

interface Map<K, V> {
  getOrInsert(key: K, value: V): V;
  getOrInsertComputed(key: K, callback: (key: K) => V): V;
}

interface RegExpConstructor {
  escape(text: string): string;
}

interface PromiseConstructor {
  try<T, U extends unknown[]>(callback: (...args: U) => T | PromiseLike<T>, ...args: U): Promise<Awaited<T>>;
}

interface ErrorConstructor {
  isError(value: unknown): value is Error;
}

/** Loads a module: a path that begins with a dot, "svscript/…" of the bundled library, or a package. */
declare function require(module: string): any;
declare const module: { exports: any };
declare const exports: any;
