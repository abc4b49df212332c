// Shared libraries are called through koffi, an optional package. Loading a library that is none, or is another machine's, can end a process:
// only trials' processes do it. https://koffi.dev
import fs from 'node:fs'
import { pathToFileURL } from 'node:url'
import type * as Koffi from 'koffi'
import { sizeInBytes } from '../graph/dtype.ts'
import { type FoundPackage, findPackage } from './find-package.ts'
import type { TensorValue } from './types.ts'

/** An object of a library's. */
export type Handle = unknown
/** Where a library writes a handle or a number: an array of one. */
export type Out<T> = [T | null]
export type Call = (...given: readonly unknown[]) => unknown

export const FFI = 'koffi'
/** What a shipped folder calls a library by. */
export const CALLED_BY = { package: FFI, range: '^3.0.0' } as const

/**
 * Throws if the data of a feed is longer or shorter than its shape says. A library makes room by the shape: more would be written behind
 * it, and with less it would predict with what its memory held before.
 */
export function checkFeedBytes(name: string, { dtype, shape, data }: TensorValue): void {
  const wanted = sizeInBytes({ dtype, shape })
  const given = ArrayBuffer.isView(data) ? data.byteLength : undefined
  if (given === wanted && shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return
  throw new Error(`the input ${name} has ${given} bytes, and ${wanted} by its shape ${shape.join('x')}`)
}

export const findKoffi = (): FoundPackage | null => findPackage(FFI, null)

/** Functions of one library, by name. */
export interface NativeApi<CallName extends string, FreeName extends string> {
  readonly koffi: typeof Koffi
  /** Throws where the library says no. */
  readonly call: (name: CallName, ...given: readonly unknown[]) => void
  /** The same, but gives the status. */
  readonly status: (name: CallName, ...given: readonly unknown[]) => number
  /** What a call gives by its last parameter. */
  readonly got: <T = Handle>(name: CallName, ...given: readonly unknown[]) => T
  readonly free: (name: FreeName, handle: Handle) => void
}

export interface Signatures<CallName extends string, FreeName extends string> {
  /** Each gives a status, 0 for success. */
  readonly calls: Readonly<Record<CallName, string>>
  readonly frees: Readonly<Record<FreeName, string>>
}

export interface Binding {
  /** Throws where the library has no such function. */
  readonly bound: (signature: string) => Call
  /** What a call says that failed. */
  readonly why: (status: number) => string
}

export function nativeApi<CallName extends string, FreeName extends string>(
  koffi: typeof Koffi,
  signatures: Signatures<CallName, FreeName>,
  { bound, why }: Binding,
): NativeApi<CallName, FreeName> {
  const all = <Name extends string>(of: Readonly<Record<Name, string>>) =>
    Object.fromEntries(Object.entries<string>(of).map(([name, signature]) => [name, bound(signature)])) as Record<Name, Call>
  const [calls, frees] = [all(signatures.calls), all(signatures.frees)]
  const status = (name: CallName, ...given: readonly unknown[]) => calls[name](...given) as number
  const call = (name: CallName, ...given: readonly unknown[]) => {
    const said = status(name, ...given)
    if (said !== 0) throw new Error(why(said))
  }
  return {
    koffi,
    call,
    status,
    got<T>(name: CallName, ...given: readonly unknown[]): T {
      const out: Out<T> = [null]
      call(name, ...given, out)
      return out[0] as T
    },
    free: (name, handle) => void frees[name](handle),
  }
}

/** A process loads a library once. Throws where koffi is absent, where the file is for another machine, and what `open` throws. */
export function apiLoader<Api>(open: (koffi: typeof Koffi, file: string) => Api): (file: string) => Promise<Api> {
  const loaded = new Map<string, Api>()
  return async (file) => {
    const known = loaded.get(file)
    if (known !== undefined) return known
    const koffi = await loadKoffi()
    checkMachine(file)
    const api = open(koffi, file)
    loaded.set(file, api)
    return api
  }
}

async function loadKoffi(): Promise<typeof Koffi> {
  const found = findKoffi()
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
