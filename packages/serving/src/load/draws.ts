// Which of the inputs each request sends, made beforehand as its timeline is: by the request's place, so that what a request sends does not
// hang on when its connection opened, or on whether it went out twice. Each input is drawn as often as the others within any thousand
// requests, in random order: a run whose seed drew the long ones more often would have another p99.
import { mulberry32, shuffle } from '@whyslow/graph/random.ts'

/** Draws that hold each input equally often: this many, or as few more as its inputs take. */
const BLOCK = 1024

/** For each of `count` requests one of `inputs`. */
export function drawInputs(inputs: number, count: number, seed: number): Uint32Array {
  const draws = new Uint32Array(count)
  if (inputs < 2) return draws
  const random = mulberry32(seed ^ 0x5bd1e995)
  const block = Uint32Array.from({ length: inputs * Math.ceil(BLOCK / inputs) }, (_, k) => k % inputs)
  for (let from = 0; from < count; from += block.length) {
    shuffle(block, random)
    draws.set(block.subarray(0, count - from), from)
  }
  return draws
}
