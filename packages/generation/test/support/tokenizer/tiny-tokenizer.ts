// A tokenizer of few tokens, as tokenizer.json and as the metadata of a GGUF file hold one: byte-level BPE, whose first tokens are the special one,
// letters, and the bytes of two characters that take more than one.
const BYTES = [...new TextEncoder().encode("abcdefghijklmnopqrstuvwxyz .,\n'é😀")]

/** GPT-2's letters for bytes: printable ones are themselves. */
function letterOf(byte: number): string {
  const printable = (one: number) => (one >= 33 && one <= 126) || (one >= 161 && one <= 172) || (one >= 174 && one <= 255)
  if (printable(byte)) return String.fromCharCode(byte)
  let at = 256
  for (let other = 0; other < byte; other++) if (!printable(other)) at++
  return String.fromCharCode(at)
}

const LETTERS = [...new Set(BYTES)].map(letterOf)
const SPACE = letterOf(32)
const PAIRS = [
  't h',
  'th e',
  `${SPACE} a`,
  'e r',
  'i n',
  `${SPACE} t`,
  `${SPACE}t he`,
  'o n',
  'a n',
  `${SPACE}a n`,
  'r e',
  'a t',
  'in g',
]

export const END_TOKEN = '<|endoftext|>'
export const END_ID = 0

/** Tokens in the order of their ids, as many as `vocabulary`; those that no text has are called so. */
export function tinyVocabulary(vocabulary = 64) {
  const merges = PAIRS.slice(0, Math.max(0, vocabulary - 1 - LETTERS.length))
  const named = [END_TOKEN, ...LETTERS, ...merges.map((pair) => pair.replace(' ', ''))]
  const tokens = Array.from({ length: vocabulary }, (_, id) => named[id] ?? `[unused${id}]`)
  return { tokens, merges }
}

/** What tokenizer.json holds. */
export function tinyTokenizer(vocabulary = 64) {
  const { tokens, merges } = tinyVocabulary(vocabulary)
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [{ id: END_ID, content: END_TOKEN, ...flags }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  }
}
