// The options of quantization that the computer which runs the tests needs, as whyslow chooses them.
import { readMachine } from '../../machine/index.ts'
import { optionsFor, type QuantizeOptions } from './choice.ts'

export const here: QuantizeOptions = optionsFor(readMachine([]))

/** Weights in 7 bits: their steps are twice as large as those of 8. */
export const stepFactor = here.reduceRange ? 2 : 1
export const decibelsLost = 20 * Math.log10(stepFactor)
