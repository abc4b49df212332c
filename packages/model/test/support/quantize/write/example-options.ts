// The options of quantization that the computer which runs the tests needs, as whyslow chooses them.
import { readMachine } from '@whyslow/measure/machine/index.ts'
import { optionsFor, type QuantizeOptions } from '../../../../src/quantize/write/choice.ts'

export const here: QuantizeOptions = optionsFor(readMachine([]))

/** Weights in 7 bits: their steps are twice as large as those of 8. */
export const stepFactor = here.reduceRange ? 2 : 1
export const decibelsLost = 20 * Math.log10(stepFactor)
