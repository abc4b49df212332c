// `whyslow embed`: several fresh processes encode texts in every way of batching, in turns; then medians are taken, rules look at them, and the document
// is made.
import { limitsOf, machineOf } from '@whyslow/command/limits.ts'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { quoteWord } from '@whyslow/graph/shell-word.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { EmbeddingDocument } from '@whyslow/report/documents/embedding.ts'
import { addressName } from '@whyslow/report/text/addresses.ts'
import { smallerKnown } from '../../recognize/numbers.ts'
import { type TextEncoder, textEncoder } from '../../recognize/text-encoder.ts'
import { madeUpTexts } from '../../texts/made-up-texts.ts'
import type { TextsInput, TextsProcess } from '../../texts/measure-texts.ts'
import type { TextsWay } from '../../texts/texts-plan.ts'
import { textsTask } from '../../texts/texts-task.ts'
import { readPrompts } from '../generate/prompts-file.ts'
import { embedDocument } from './embed-document.ts'
import { EMBED_DEFAULTS, type EmbedOptions } from './options.ts'
import { planOf } from './plan.ts'

/** More texts would tell no more, and take longer. */
const MOST_TEXTS = 256
const MADE_UP = 128
/** Native code of a large model may take long for a single call. */
const PROCESS_LIMIT_MS = 900_000

/** Throws InputError if the target or the options cannot be used, and the signal's reason if it is aborted. */
export async function embed(target: string, given: Partial<EmbedOptions> = {}): Promise<EmbeddingDocument> {
  const options = { ...EMBED_DEFAULTS, ...given }
  const { trials, onProgress: progress = () => {} } = options
  const encoder = await encoderOf(target, options.dtype)
  const own = options.texts === null ? null : readPrompts(options.texts, '--texts')
  const texts = (own ?? madeUpTexts(MADE_UP)).slice(0, MOST_TEXTS)
  const longest = smallerKnown(options.maxTokens ?? encoder.longest?.tokens ?? null, encoder.fixedLength)
  const maximum = encoder.fixedLength ?? encoder.padsTo ?? longest
  checkLongest(encoder, options.maxTokens)
  const { processes, ...plan } = planOf(encoder, { batch: options.batch, texts: texts.length, maximum, quick: options.quick })
  const machine = machineOf(trials)
  const limits = { ...trialLimits(limitsOf(machine, options), 0), timeMs: PROCESS_LIMIT_MS }
  const warnings = warningsOf(encoder)
  const measured: TextsProcess[] = []
  const measure = async () => {
    for (let k = 0; k < processes && !(k >= LEAST_PROCESSES && measured.some((one) => timeOf(one) > SLOW_PROCESS_MS)); k++) {
      progress({ stage: 'encoding texts, process', done: k, of: processes })
      // The texts and the ways of the first process are those of all.
      const [known] = measured
      const input: TextsInput = {
        encoder,
        threads: options.threads,
        plan: {
          ...plan,
          texts,
          longest,
          maximum,
          count: known?.count ?? null,
          ways: known?.ways.map(({ way }) => way) ?? plan.ways,
        },
      }
      const trial = await trials.run(textsTask, input, limits)
      if (trial.outcome === 'measured') measured.push(trial.value)
      else if (measured.length === 0) throw new InputError(`${target}: ${reasonInWords(trial)}`)
      else warnings.push(`a process did not measure anything: ${reasonInWords(trial)}`)
    }
  }
  await withMachineLock({ trials, progress }, measure, warnings)
  const { count, ways } = measured[0]!
  warnings.push(...slowWarnings(plan.ways, ways))
  if (own !== null && count < own.length) warnings.push(`the first ${count} of ${own.length} texts were encoded`)
  return embedDocument({
    target,
    encoder,
    options,
    machine,
    longest,
    maximum,
    isUsers: own !== null,
    processes: measured,
    warnings,
  })
}

/** Enough processes if the passes of each take longer than SLOW_PROCESS_MS. */
const LEAST_PROCESSES = 3
const SLOW_PROCESS_MS = 20_000

const timeOf = ({ ways }: TextsProcess): number =>
  ways.reduce((sum, { passes }) => passes.reduce((all, { totalMs }) => all + totalMs, sum), 0)

/** What was planned and left out, as a text takes so long. */
function slowWarnings(planned: readonly TextsWay[], measured: TextsProcess['ways']): string[] {
  const largest = (ways: readonly TextsWay[]) => Math.max(...ways.map(({ batch, texts }) => (texts === null ? batch : 1)))
  const [wanted, ran] = [largest(planned), largest(measured.map(({ way }) => way))]
  const isPadded = ({ padding }: TextsWay) => padding === 'maximum'
  return [
    ...(ran < wanted
      ? [`a text takes too long: ${ran === 1 ? 'no batches' : `batches of ${ran}`} were measured instead of batches of ${wanted}`]
      : []),
    ...(planned.some(isPadded) && !measured.some(({ way }) => isPadded(way))
      ? ['a text takes too long: padding to the maximum was not measured']
      : []),
  ]
}

async function encoderOf(target: string, dtype: string | null): Promise<TextEncoder> {
  if (/^https?:/i.test(target))
    throw new InputError(
      `${addressName(target)} is an address: embed reads a folder; for a server under load: whyslow load ${addressName(target)} --body @request.json`,
    )
  const found = await textEncoder(target, dtype)
  if (found === null)
    throw new InputError(
      `${target}: no text encoder (a folder with config.json, tokenizer.json and onnx/model.onnx); for any other model, or text generation: whyslow ${quoteWord(target)}`,
    )
  if (typeof found === 'string') throw new InputError(found)
  return found
}

function checkLongest({ positions, model }: TextEncoder, maxTokens: number | null): void {
  if (maxTokens === null || positions === null || maxTokens <= positions) return
  throw new InputError(`--max-tokens ${maxTokens}: ${model} has ${positions} positions; give ${positions} or fewer`)
}

function warningsOf({ otherModules, unknownPooling }: TextEncoder): string[] {
  return [
    ...(otherModules.length === 0
      ? []
      : [`modules.json names ${otherModules.join(', ')} after pooling, which no ONNX file here has: its time is not measured`]),
    ...(unknownPooling === null
      ? []
      : [`${unknownPooling} for pooling, which whyslow does not compute: the time of pooling is that of the mean`]),
  ]
}
