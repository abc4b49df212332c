// Weights as float32 arrays, and arrays put together into new ones.
import { readBytes } from '../constants.ts'
import type { Matching } from './match.ts'

/** The numbers of a float32 constant, a copy; undefined for any other value. */
export function floatsOf({ model, constant }: Matching, name: string | undefined): Float32Array<ArrayBuffer> | undefined {
  const found = constant(name)
  return found?.dtype === 'float32' ? new Float32Array(new Uint8Array(readBytes(model, found)).buffer) : undefined
}

/** One after the other. */
export function concatenateFloats(arrays: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(sum(arrays.map(({ length }) => length)))
  let at = 0
  for (const array of arrays) {
    all.set(array, at)
    at += array.length
  }
  return all
}

/** Matrices [rows, n] as one [rows, sum of n]. */
export function concatenateColumns(matrices: readonly Float32Array[], rows: number): Float32Array<ArrayBuffer> {
  const slices = Array.from({ length: rows }, (_, row) =>
    matrices.map((one) => one.subarray((row * one.length) / rows, ((row + 1) * one.length) / rows)),
  )
  return concatenateFloats(slices.flat())
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
