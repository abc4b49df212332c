// The ab document, version 1: which of two implementations is faster, and whether they give the same. A public contract. Times in milliseconds.

export interface AbDocument {
  schema: 'whyslow-ab/1'
  tool: { version: string }
  createdAt: string
  answer: string
  verdict: 'faster' | 'slower' | 'no-difference' // b beside a
  ratio: number // b's time over a's: the median over pairs
  ratioLow: number
  ratioHigh: number
  levelPercent: number // of the interval
  pairs: { aMs: number; bMs: number }[] // one per pair of fresh processes, of one call
  a: AbSide
  b: AbSide
  samples: { count: number; timed: number; source: 'data' | 'a' | 'b' | 'own' | 'none' } // own: each has its own, in order
  outputs: AbOutputs
  warnings: string[]
}

export interface AbSide {
  file: string
  language: 'javascript' | 'python'
  runtime: string
  call: string[] // the stages of one call, in order; empty: a script
  callMs: number // median over pairs
  importMs: number | null // null: a script
  loadMs: number | null // null: nothing is loaded
  firstMs: number | null // the first call; null: a script
  packages: string[]
}

export interface AbOutputs {
  agreement: 'identical' | 'close' | 'different' | 'not-comparable'
  samples: number // compared
  differingSamples: number
  numbers: number // compared
  differing: number // that are not the same bits
  maxAbsolute: number | null // null: one is infinite or no number
  maxRelative: number | null
  sameChoice: number | null // share of samples whose largest element stands at the same place; null: no such outputs
  farPixels: number | null // share of a picture's numbers that are more than two steps away; null: no pictures
  differences: { sample: number; path: string; reason: string }[] // the first few
  notes: string[]
  repeats: { a: boolean; b: boolean } // gives the same when it is called again
}
