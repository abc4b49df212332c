// One output of two setups on the same inputs.
import type { TensorValue } from '../engines/types.ts'
import type { Meaning } from './meaning.ts'
import type { Numbers } from './numbers.ts'
import type { SelectionAgreement } from './types.ts'

/** Logits of a detector's rows, see raw-scores.ts. */
export interface RawScores {
  /** What makes shares of them, in the code that reads them. */
  readonly by: 'Sigmoid' | 'Softmax'
  readonly axis: number
  /** Features along the axis that are scores: classes, or classes and an objectness. One that says what is not there is left out. */
  readonly parts: readonly (readonly number[])[]
  /** Features that are a box; none: boxes are another output. */
  readonly places: readonly number[]
}

/** One output of every sample, original and changed. */
export interface OutputPair {
  readonly name: string
  readonly original: readonly TensorValue[]
  readonly candidate: readonly TensorValue[]
  /** null for what is compared bit for bit only. */
  readonly originalNumbers: readonly Numbers[] | null
  readonly candidateNumbers: readonly Numbers[] | null
  readonly meaning: Meaning
  readonly scale: number
  /** Two numbers of the original closer than this are a tie. */
  readonly tie: number
  /** The inputs are made up: see near-ties.ts. */
  readonly madeUp: boolean
  /** For scores that each say yes or no: see isSilent in yes-no.ts. Absent: 0. */
  readonly mayLose?: number
  /** Absent: they are not known to be logits of a detector. */
  readonly raw?: RawScores
  /** Agreement of a selection, whose numbers are compared row by row. */
  readonly selected?: SelectionAgreement & { readonly isScore: boolean }
}
