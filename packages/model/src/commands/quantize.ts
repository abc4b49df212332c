// `quantize`: layers in fewer bits if that is measured to be faster and the outputs stay good enough. It is `fix` with the remedies
// that do so, and the exact ones that make a model ready for them; proven, and never slower, like anything that `fix` ships.

import { InputError } from '@whyslow/graph/input-error.ts'
import { engines, offersOf } from '@whyslow/measure/engines/index.ts'
import { DEFAULT_LOSS_LIMITS } from '@whyslow/measure/outputs/index.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { fixModel } from '../diagnose/next-command.ts'
import { PREPARATION } from '../quantize/plan/prepare.ts'
import { dynamicQuantization } from '../remedies/approximate/dynamic-quantization.ts'
import { float16 } from '../remedies/approximate/float16.ts'
import { staticQuantization } from '../remedies/approximate/static-quantization.ts'
import { weightQuantization } from '../remedies/approximate/weight-quantization.ts'
import { engineChoice } from '../remedies/settings/engine-choice.ts'
import { commandToType } from './command-to-type.ts'
import { type FixOutcome, fix } from './fix/fix.ts'
import { FIX_DEFAULTS, type FixOptions } from './fix/options.ts'

export interface QuantizeOptions
  extends Omit<FixOptions, 'only' | 'goal' | 'preprocessing' | 'fixShapes' | 'outputs' | 'dryRun'> {
  /** float16 in place of fewer bits; for engines that compute in it. */
  readonly float16: boolean
}

const HALF = [...PREPARATION, float16].map(({ id }) => id)
/** Fewer bits may pay on another engine alone; what it would give without them is part of the answer. */
const REMEDIES = [...PREPARATION, staticQuantization, dynamicQuantization, weightQuantization, engineChoice].map(({ id }) => id)
const KEEPS_ENGINE = 'quantize takes another engine only for what it quantizes'
const FIX = fixModel('--max-loss', '0.01')
/** A first look of less is noise; outputs further off are within no usual limit. */
const LEAST_SPEEDUP = 1.05
const LEAST_COSINE = 0.99

/**
 * Quantizes what pays of the model in `file` and writes it to `out`: a folder, or with `modelAlone` one file; the original if nothing
 * is proven. `maxLoss: null` means the usual limits. Throws as `fix` does.
 */
export async function quantize(file: string, given: Partial<QuantizeOptions> = {}): Promise<FixOutcome> {
  const { float16: half = false, maxLoss, ...options } = given
  if (half && !offersOf(options.engine ?? FIX_DEFAULTS.engine).includes('float16')) {
    const able = engines.filter(({ offers }) => offers.includes('float16')).map(({ id }) => id)
    throw new InputError(
      `--method float16: engines on the CPU convert float16 to float32 and back, which is slower; give --engine with one that computes in it (${able.join(', ')}), or for half the size: whyslow fix MODEL -o small/ --for size --only float16 --max-loss 0.01`,
    )
  }
  const only = half ? HALF : REMEDIES
  const fixed = await fix(file, {
    ...FIX_DEFAULTS,
    ...options,
    only,
    maxLoss: maxLoss ?? DEFAULT_LOSS_LIMITS,
    keepsEngine: KEEPS_ENGINE,
  })
  return { ...fixed, report: withOtherEngine(fixed, file) }
}

/** The engine that gave most in a first look, other than the shipped one. */
function withOtherEngine({ report, evidence }: FixOutcome, file: string): ReportDocument {
  // What is shipped on another engine has to be outdone.
  const least = Math.max(LEAST_SPEEDUP, report.fix?.engine === undefined ? 0 : report.fix.speedup)
  const looked = report.trials.flatMap(({ refused, lookedSpeedup, changes, agreement }) =>
    refused === KEEPS_ENGINE && (lookedSpeedup ?? 0) >= least && (agreement?.cosine ?? 1) >= LEAST_COSINE
      ? [{ change: changes.join(', '), lookedSpeedup: lookedSpeedup!, cosine: agreement?.cosine ?? null }]
      : [],
  )
  const [best] = looked.toSorted((a, b) => b.lookedSpeedup - a.lookedSpeedup)
  if (best === undefined || !report.quantization) return report
  const otherEngine = { ...best, ...commandToType(FIX, file, evidence.given ?? []) }
  return { ...report, quantization: { ...report.quantization, otherEngine } }
}
