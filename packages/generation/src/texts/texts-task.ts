// The trial that encodes texts in a process of its own.
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import { referenceEngine } from '@whyslow/measure/engines/index.ts'
import { PLAIN_SETTINGS } from '@whyslow/measure/engines/plain-settings.ts'
import { processClock } from '@whyslow/measure/engines/sampler.ts'
import type { OpenOptions } from '@whyslow/measure/engines/types.ts'
import { defineTask } from '@whyslow/measure/trials/port.ts'
import { openTokenizer } from '../tokenize/tokenizer.ts'
import { measureTexts, type OpenedEncoder, type TextsInput, type TextsProcess } from './measure-texts.ts'

async function opened({ encoder, threads }: TextsInput): Promise<OpenedEncoder> {
  const options: OpenOptions = { ...PLAIN_SETTINGS, threads }
  const availability = await referenceEngine.available(options)
  if (!availability.ok) throw new InputError(`${availability.reason}; ${availability.fix}`)
  const tokenizer = await openTokenizer(encoder)
  try {
    const session = await referenceEngine.open(encoder.model, options)
    return { session, tokenizer, versions: { onnxruntime: availability.version } }
  } catch (error) {
    throw new InputError(
      `${referenceEngine.title} does not open ${encoder.model}: ${firstLineOf(error)}; check the file and its weights next to it`,
    )
  }
}

const measured = (input: TextsInput): Promise<TextsProcess> => measureTexts(() => opened(input), input, processClock)

export const textsTask = defineTask('texts-measure', import.meta.url, measured)
