// Shared libraries are called through koffi, an optional package. Loading a library that is none, or is another machine's, can end a process:
// only trials' processes do it. https://koffi.dev
import fs from 'node:fs'
import { pathToFileURL } from 'node:url'
import { sizeInBytes } from '@whyslow/graph/dtype.ts'
import type * as Koffi from 'koffi'
import { type FoundPackage, findPackage } from './find-package.ts'
import type { Feeds, InputDeclaration } from './types.ts'

/** An object of a library's. */
export type Handle = unknown
/** Where a library writes a handle or a number: an array of one. */
export type OutPointer<T> = [T | null]
export type Call = (...given: readonly unknown[]) => number

export const FFI = 'koffi'
/** What a shipped folder calls a library by. */
export const FFI_REQUIREMENT = { package: FFI, range: '^3.0.0' } as const

/**
 * Throws if a feed is not what the model declares, or has other data than its shape says. A library takes another shape, makes room by it, and
 * reads or writes behind the end of the data.
 */
export function checkFeeds(title: string, inputs: readonly InputDeclaration[], feeds: Feeds): void {
  for (const { name, shape, dtype } of inputs) {
    const fed = feeds[name]
    if (fed === undefined) throw new Error(`no value for the input ${name}`)
    if (!ArrayBuffer.isView(fed.data)) throw new Error(`${title}'s C API is not fed with strings here`)
    if (dtype === null) throw new Error(`the input ${name} is of a type that ${title}'s C API is not fed with here`)
    if (dtype !== fed.dtype) throw new Error(`the input ${name} is ${dtype}, not ${fed.dtype}`)
    if (!isShapeOf(shape, fed.shape))
      throw new Error(`the input ${name} is declared as ${shapeText(shape!)}, not ${fed.shape.join('x')}`)
    const wanted = sizeInBytes(fed)
    if (fed.data.byteLength === wanted && fed.shape.every((size) => Number.isSafeInteger(size) && size >= 0)) continue
    throw new Error(`the input ${name} has ${fed.data.byteLength} bytes, and ${wanted} by its shape ${fed.shape.join('x')}`)
  }
}

/** Whether sizes are those that are declared, as far as they are. */
export const isShapeOf = (declared: InputDeclaration['shape'], sizes: readonly number[]): boolean =>
  declared === null ||
  (declared.length === sizes.length && declared.every((size, axis) => typeof size !== 'number' || size === sizes[axis]))

export const shapeText = (declared: readonly (number | string)[]): string => declared.map((size) => size || '?').join('x')

/** `packageFrom`: a folder that has it; null: the usual places. */
export const findKoffi = (packageFrom: string | null = null): FoundPackage | null => findPackage(FFI, packageFrom)

/** Functions of one library, by name. */
export interface NativeApi<CallName extends string, FreeName extends string> {
  readonly koffi: typeof Koffi
  /** The functions themselves, which give a status, 0 for success. */
  readonly calls: Readonly<Record<CallName, Call>>
  /** Throws if the library refuses. */
  readonly call: (name: CallName, ...given: readonly unknown[]) => void
  /** What a call gives by its last parameter. */
  readonly got: <T = Handle>(name: CallName, ...given: readonly unknown[]) => T
  readonly free: (name: FreeName, handle: Handle) => void
}

export type TypeSpec = Parameters<typeof Koffi.out>[0]

/**
 * What a library has. Structures among the parameters have no names in koffi, whose names hold for a whole process: shipped folders and
 * the engine may be in one.
 */
export interface Signatures<CallName extends string, FreeName extends string> {
  /** What all its functions begin with. */
  readonly prefix: string
  /** Types of parameters by the names that the tables below have for them, next to koffi's own. */
  readonly types: Readonly<Record<string, TypeSpec>>
  /** Parameters of functions that give a status. */
  readonly calls: Readonly<Record<CallName, readonly string[]>>
  /** Function and parameter of what frees an object. */
  readonly frees: Readonly<Record<FreeName, readonly [name: string, parameter: string]>>
  /** What is wrong with a library that lacks a function. */
  readonly lacks: (name: string) => string
  /** What a call says that failed. */
  readonly why: (status: number) => string
}

export function nativeApi<CallName extends string, FreeName extends string>(
  koffi: typeof Koffi,
  library: Koffi.LibraryHandle,
  { prefix, types, calls, frees, lacks, why }: Signatures<CallName, FreeName>,
): NativeApi<CallName, FreeName> {
  const bound = (name: string, result: string, parameters: readonly string[]): Call => {
    const typed = parameters.map((parameter) => types[parameter] ?? parameter)
    try {
      return library.func(`${prefix}${name}`, result, typed) as Call
    } catch {
      throw new Error(lacks(`${prefix}${name}`))
    }
  }
  const all = <Name extends string, Of>(of: Readonly<Record<Name, Of>>, bind: (name: Name, one: Of) => Call) =>
    Object.fromEntries(Object.entries<Of>(of).map(([name, one]) => [name, bind(name as Name, one)])) as Record<Name, Call>
  const functions = all(calls, (name, parameters) => bound(name, 'int', parameters))
  const freeing = all(frees, (_, [name, parameter]) => bound(name, 'void', [parameter]))
  const call = (name: CallName, ...given: readonly unknown[]) => {
    const status = functions[name](...given)
    if (status !== 0) throw new Error(why(status))
  }
  return {
    koffi,
    calls: functions,
    call,
    got<T>(name: CallName, ...given: readonly unknown[]): T {
      const out: OutPointer<T> = [null]
      call(name, ...given, out)
      return out[0] as T
    },
    free: (name, handle) => void freeing[name](handle),
  }
}

/**
 * A process loads a library once. Throws if koffi is absent, if the file is for another machine, and what `open` throws.
 * `load`: koffi, from where the caller has it; `packageFrom` as of `findKoffi`.
 */
export function apiLoader<Api>(
  open: (koffi: typeof Koffi, file: string) => Api,
  load: (packageFrom: string | null) => Promise<typeof Koffi>,
): (file: string, packageFrom?: string | null) => Promise<Api> {
  const loaded = new Map<string, Api>()
  return async (file, packageFrom = null) => {
    const known = loaded.get(file)
    if (known !== undefined) return known
    const koffi = await load(packageFrom)
    checkMachine(file)
    const api = open(koffi, file)
    loaded.set(file, api)
    return api
  }
}

/** As `whyslow` finds it; `packageFrom` as of `findKoffi`. */
export async function loadKoffi(packageFrom: string | null = null): Promise<typeof Koffi> {
  const found = findKoffi(packageFrom)
  if (!found) throw new Error(`the package ${FFI} was not found`)
  const module = await import(pathToFileURL(found.entry).href)
  return (module.load ? module : module.default) as typeof Koffi
}

/** Throws where `file` is for another machine: the system's loader calls such a file absent. */
function checkMachine(file: string): void {
  const other = otherMachine(file)
  if (other !== null) throw new Error(`it is for ${other}, and this Node for ${process.arch}`)
}

/** ELF's numbers of machines: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const MACHINES: Readonly<Record<number, string>> = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64', 243: 'riscv64' }

/** The machine that a library of Linux is for, where that is another. */
function otherMachine(file: string): string | null {
  const head = Buffer.alloc(20)
  const fd = fs.openSync(file, 'r')
  fs.readSync(fd, head, 0, head.length, 0)
  fs.closeSync(fd)
  if (head.toString('latin1', 0, 4) !== '\x7fELF') return null
  const machine = MACHINES[head.readUInt16LE(18)] ?? 'another machine'
  return machine === process.arch ? null : machine
}
