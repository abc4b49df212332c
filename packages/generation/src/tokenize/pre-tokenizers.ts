// How llama.cpp cuts a text before byte-level BPE, by the name in `tokenizer.ggml.pre`, as tokenizer.json says the same.
// https://github.com/ggml-org/llama.cpp/blob/master/src/llama-vocab.cpp (regex_exprs). Expressions of others: the original tokenizer.json's.

type Step = Readonly<Record<string, unknown>>

const split = (pattern: string): Step => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
})
const bytes = (useRegex: boolean): Step => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
})
const sequence = (...steps: readonly Step[]): Step => ({ type: 'Sequence', pretokenizers: steps })

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const REST = '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'
const words = (digits: string): string => `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}${REST}`
const [UPPER, LOWER] = ['[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]', '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]']
const cased = (contractions: string, digits: string): string =>
  `[^\\r\\n\\p{L}\\p{N}]?${UPPER}*${LOWER}+${contractions}|[^\\r\\n\\p{L}\\p{N}]?${UPPER}+${LOWER}*${contractions}|${digits}` +
  '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'

/** Lines, and what is between them. */
export const LINES = split('[^\\n]+|[\\n]+')
const GPT2 = bytes(true)
const GPT2_WORDS = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
const DIGITS_ALONE = sequence(split('\\p{N}'), bytes(true))
const LETTERS_AND_MARKS = `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`
const QWEN35 = sequence(split(LETTERS_AND_MARKS), bytes(false))
const FALCON = sequence(split('[\\p{P}\\$\\+<=>\\^~\\|`]+'), split(GPT2_WORDS), split('[0-9][0-9][0-9]'), bytes(false))
const DEEPSEEK_CODER = sequence(
  ...['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', '[一-龥ࠀ-一가-퟿]+', '\\p{N}'].map(split),
  bytes(false),
)
const DEEPSEEK3 = sequence(
  split('\\p{N}{1,3}'),
  split('[一-龥぀-ゟ゠-ヿ]+'),
  split(
    '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
  ),
  bytes(false),
)
const LLAMA3 = sequence(split(words('\\p{N}{1,3}')), bytes(false))
const QWEN2 = sequence(split(words('\\p{N}')), bytes(false))
const TEKKEN = sequence(split(cased('', '\\p{N}')), bytes(false))
const GPT4O = sequence(split(cased(`${CONTRACTIONS}?`, '\\p{N}{1,3}')), bytes(false))

const BY_NAME: ReadonlyMap<string, Step> = new Map([
  ...['gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'jina-es', 'trillion', 'granite-docling', 'exaone4'].map(
    (name) => [name, GPT2] as const,
  ),
  ...['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b'].map(
    (name) => [name, DIGITS_ALONE] as const,
  ),
  ...['llama3', 'llama-v3', 'llama-bpe', 'falcon3', 'pixtral', 'lfm2', 'smaug-bpe', 'chatglm-bpe', 'glm4', 'dbrx'].map(
    (name) => [name, LLAMA3] as const,
  ),
  ...['qwen2', 'stablelm2', 'hunyuan', 'megrez', 'deepseek-r1-qwen', 'grok-2'].map((name) => [name, QWEN2] as const),
  ['tekken', TEKKEN] as const,
  ['qwen35', QWEN35] as const,
  ['falcon', FALCON] as const,
  ['deepseek-coder', DEEPSEEK_CODER] as const,
  ...['deepseek-v3', 'hunyuan-dense', 'joyai-llm'].map((name) => [name, DEEPSEEK3] as const),
  ...['gpt-4o', 'llama4', 'minimax-m2'].map((name) => [name, GPT4O] as const),
])

/** undefined: a name that is not known. */
export const preTokenizer = (name: string): Step | undefined => BY_NAME.get(name)
