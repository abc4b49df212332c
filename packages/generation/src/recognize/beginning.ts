// What the decoder of an encoder–decoder begins with, and which tokens it does not choose: config.json and generation_config.json of transformers.
// https://github.com/huggingface/transformers/blob/main/src/transformers/generation/configuration_utils.py
import { type JsonObject, objectOrNull } from '@whyslow/graph/json.ts'
import type { Constraints } from '../generator.ts'
import type { GeneratorFiles } from './folder.ts'

export interface Beginning {
  /** Fed before the first token. Of Whisper: the language is English, the task transcription without times, as transformers.js has it. */
  readonly ids: readonly number[]
  /** Never chosen, and not chosen as the first token. */
  readonly suppressed: readonly number[]
  readonly suppressedFirst: readonly number[]
  /** The first token, whatever the logits say; null: as they say. */
  readonly forcedFirst: number | null
  /** One of these ends an answer that is as long as it may be; none: it is cut. */
  readonly forcedLast: readonly number[]
  readonly constraints: Constraints
}

export function beginningOf(files: GeneratorFiles): Beginning {
  const said = (name: string): unknown => files.generationConfig?.[name] ?? files.config?.[name]
  const ids = [startIdOf(files), ...(taskIds(files.generationConfig) ?? forcedIds(said('forced_decoder_ids')))]
  return {
    ids,
    suppressed: [...idsIn(said('suppress_tokens')), ...singleWords(said('bad_words_ids'))],
    suppressedFirst: idsIn(said('begin_suppress_tokens')),
    // It follows the very first token alone.
    forcedFirst: ids.length === 1 && isId(said('forced_bos_token_id')) ? (said('forced_bos_token_id') as number) : null,
    forcedLast: [said('forced_eos_token_id')].flat().filter(isId),
    constraints: constraintsOf(said, ids.length),
  }
}

/** `min_length` counts what the decoder begins with, `min_new_tokens` does not and comes first. */
export function constraintsOf(said: (name: string) => unknown, before: number): Constraints {
  const size = said('no_repeat_ngram_size')
  const [least, length] = [said('min_new_tokens'), said('min_length')]
  const minNewTokens = isId(least) ? least : isId(length) ? length - before : 0
  return {
    ...(isId(size) && size > 0 ? { noRepeatNgram: size } : {}),
    ...(minNewTokens > 0 ? { minNewTokens } : {}),
  }
}

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const idsIn = (value: unknown): number[] => (Array.isArray(value) ? value.filter(isId) : [])

function startIdOf({ config, generationConfig, genaiConfig }: GeneratorFiles): number {
  const model = objectOrNull(genaiConfig?.model)
  const said = [
    generationConfig?.decoder_start_token_id,
    model?.decoder_start_token_id,
    config?.decoder_start_token_id,
    objectOrNull(config?.decoder)?.decoder_start_token_id,
    objectOrNull(config?.decoder)?.bos_token_id,
    config?.pad_token_id,
  ]
  return said.find(isId) ?? 0
}

/** Whisper's language, task and no times; null: the configuration has no such tokens. */
function taskIds(config: JsonObject | null): number[] | null {
  const withoutTimes = config?.no_timestamps_token_id
  if (!isId(withoutTimes)) return null
  const isMultilingual = config?.is_multilingual === true
  const [languages, tasks] = [objectOrNull(config?.lang_to_id), objectOrNull(config?.task_to_id)]
  const named = isMultilingual ? [languages?.['<|en|>'], tasks?.transcribe] : []
  return [...named.filter(isId), withoutTimes]
}

/** Older configurations list them by their places: [[1, 50259], [2, 50359]]. */
function forcedIds(value: unknown): number[] {
  const pairs = (Array.isArray(value) ? value : []).flatMap((pair: unknown) =>
    Array.isArray(pair) && isId(pair[0]) && isId(pair[1]) ? [[pair[0], pair[1]] as const] : [],
  )
  return pairs.sort(([a], [b]) => a - b).map(([, id]) => id)
}

/** Words of one token; longer ones are not looked for. */
const singleWords = (value: unknown): number[] =>
  (Array.isArray(value) ? value : []).flatMap((word: unknown) => {
    const ids = idsIn(word)
    return ids.length === 1 ? ids : []
  })
