// Words and whole numbers by their place in a vocabulary, as ONNX' LabelEncoder looks them up. What hashes or cuts text as TensorFlow
// does is refused by name: ONNX has no such operators. keras/src/layers/preprocessing/index_lookup.py
import type { AttributeValue } from '@whyslow/graph/build.ts'
import { binary, cast, scalar, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { dtypeIn } from './arguments.ts'
import type { LayerCall, LayerKind } from './layer.ts'
import type { Json } from './layer-config.ts'
import { onlyInput } from './layer-parts.ts'
import { encodeCategories, wholeTypeOf } from './preprocessing.ts'

/** bigint: numbers of a vocabulary may need all 64 bits. */
type Token = string | bigint

interface Lookup {
  /** Excludes tokens that mean masked or unknown. */
  readonly tokens: readonly Token[]
  readonly mask: Token | undefined
  /** How many indices are for what is not in the vocabulary, and the first of them. */
  readonly unknowns: number
  readonly unknownsAt: number
  readonly mode: string
}

/** What `.keras` archives keep of a vocabulary that was learnt from data. */
const LEARNT = 'vocabulary.txt'

const lookup = (className: string, tokenType: 'string' | 'int64'): LayerKind => ({
  classNames: [className],
  files: [LEARNT],
  write(call) {
    refuseUnwritten(call, tokenType)
    const told = lookupOf(call, tokenType)
    const written = call.config.flag('invert', false) ? tokensAt(call, told, tokenType) : placesOf(call, told, tokenType)
    return { outputs: [written] }
  },
})

function refuseUnwritten({ config }: LayerCall, tokenType: 'string' | 'int64'): void {
  if (config.text('output_mode', 'int').replace('-', '_') === 'tf_idf')
    throw config.refuse(
      'weighs words by how rare they are (tf_idf), which is not supported; let it count, and multiply afterwards',
    )
  const unknowns = config.number('num_oov_indices', 1)
  const hashed = tokenType === 'string' || config.raw('oov_method') === 'farmhash'
  if (unknowns > 1 && hashed && !config.flag('invert', false))
    throw config.refuse(
      `hashes what it does not know into ${unknowns} indices, which ONNX cannot; make it with num_oov_indices=1, and train again`,
    )
}

/** keras: IndexLookup.set_vocabulary. */
function lookupOf(call: LayerCall, tokenType: 'string' | 'int64'): Lookup {
  const { config } = call
  const mode = config.text('output_mode', 'int')
  const [mask, unknown] = ['mask_token', 'oov_token'].map((key) => tokenIn(call, config.raw(key), tokenType))
  const unknownsAt = mask !== undefined && mode === 'int' ? 1 : 0
  const unknowns = config.number('num_oov_indices', 1)
  if (!Number.isInteger(unknowns) || unknowns < 0)
    throw config.refuse(`has ${unknowns} for num_oov_indices; save the model again`)
  const start = unknownsAt + unknowns
  const all = vocabularyOf(call, tokenType)
  const isSpecial = all.length >= start && all.slice(0, start).every((token, k) => token === (k < unknownsAt ? mask : unknown))
  const tokens = isSpecial ? all.slice(start) : all
  const told = config.raw('vocabulary_size')
  const size = start + tokens.length
  if (typeof told === 'number' && told !== size)
    throw config.refuse(`has a vocabulary of ${size} where its configuration says ${told}; save the model again`)
  const keys = mask === undefined ? tokens : [...tokens, mask]
  if (new Set(keys).size < keys.length) throw config.refuse('has an entry of its vocabulary twice; save the model again')
  return { tokens, mask, unknowns, unknownsAt, mode }
}

/** The vocabulary from its configuration, or, if it was learnt, from the archive. Throws InputError if there is none. */
function vocabularyOf(call: LayerCall, tokenType: 'string' | 'int64'): Token[] {
  const { config, dialect } = call
  const given = config.raw('vocabulary')
  if (typeof given === 'string')
    throw config.refuse(
      `keeps its vocabulary in another file (${given}), which is not read; give it a list, and save the model again`,
    )
  const [text] = (call.arrays.get(LEARNT)?.data ?? []) as readonly string[]
  const found = Array.isArray(given) ? (given as readonly Json[]) : text?.split(/\r\n|\r|\n/)
  // Since Keras 3 nothing at the end is no word.
  const end =
    Array.isArray(given) || dialect !== 'keras-3' ? found?.length : 1 + (found?.findLastIndex((line) => line !== '') ?? 0)
  const entries = found?.slice(0, end)
  if (entries === undefined || entries.length === 0)
    throw config.refuse('has no vocabulary in the file; give it one, and save the model as .keras, which keeps it')
  return entries.map((entry) => tokenIn(call, entry, tokenType) ?? unusable(call, entry))
}

function tokenIn(call: LayerCall, entry: Json | undefined, tokenType: 'string' | 'int64'): Token | undefined {
  if (entry === undefined || entry === null) return undefined
  if (tokenType === 'string') return typeof entry === 'string' ? entry : unusable(call, entry)
  const whole = typeof entry === 'number' ? Number.isSafeInteger(entry) : /^\s*[+-]?\d{1,19}\s*$/.test(String(entry))
  if (!whole) return unusable(call, entry)
  const token = BigInt(typeof entry === 'number' ? entry : String(entry).trim().replace(/^\+/, ''))
  return BigInt.asIntN(64, token) === token ? token : unusable(call, entry)
}

function unusable({ config }: LayerCall, entry: Json): never {
  const shown = (JSON.stringify(entry) ?? '').slice(0, 40)
  throw config.refuse(`has ${shown} in its vocabulary, which it cannot look up; save the model again`)
}

/** The index of each token, or what `output_mode` makes of the indices. */
function placesOf(call: LayerCall, told: Lookup, tokenType: 'string' | 'int64'): Value {
  const { builder, config, dialect } = call
  const { tokens, mask, unknowns, unknownsAt, mode } = told
  const x = keysOf(call, onlyInput(call), tokenType)
  const start = unknownsAt + unknowns
  const size = start + tokens.length
  const depth = config.flag('pad_to_max_tokens', false) ? config.number('max_tokens') : size
  // What is masked is index 0, and no category.
  const masked = mask === undefined ? [] : [[mask, mode === 'int' ? 0 : depth] as const]
  const pairs = [...tokens.map((token, k) => [token, start + k] as const), ...masked]
  const places = labels(call, x, {
    keys: pairs.map(([token]) => token),
    values: pairs.map(([, place]) => BigInt(place)),
    fallback: unknowns === 1 ? BigInt(unknownsAt) : -1n,
  })
  const known = unknowns > 1 ? whereUnknown(call, { x, places, told }) : places
  if (mode === 'int') return cast(builder, known, dialect === 'keras-3' ? 'int64' : (wholeTypeOf(call) ?? 'int64'))
  const categories = encodeCategories(call, known, { depth, mode })
  return dialect === 'keras-3' ? cast(builder, categories, 'int64') : categories
}

/** Unknown numbers share the indices for them by their remainder, which has the divisor's sign, as ONNX' Mod has it. */
function whereUnknown({ builder }: LayerCall, parts: { x: Value; places: Value; told: Lookup }): Value {
  const { x, places, told } = parts
  const remainder = binary(builder, 'Mod', x, scalar(builder, 'int64', told.unknowns))
  return where(builder, withNumber(builder, 'Equal', places, -1), withNumber(builder, 'Add', remainder, told.unknownsAt), places)
}

/** The token at each index (`invert`). */
function tokensAt(call: LayerCall, { tokens, mask, unknowns, unknownsAt }: Lookup, tokenType: 'string' | 'int64'): Value {
  const unknown = tokenIn(call, call.config.raw('oov_token'), tokenType)
  if (unknown === undefined) throw call.config.refuse('has no token for what it does not know; give it an oov_token')
  const masked = mask === undefined ? [] : [[mask, 0n] as const]
  const pairs = [...masked, ...tokens.map((token, k) => [token, BigInt(unknownsAt + unknowns + k)] as const)]
  return labels(call, keysOf(call, onlyInput(call), 'int64'), {
    keys: pairs.map(([, place]) => place),
    values: pairs.map(([token]) => token),
    fallback: unknown,
  })
}

/** The input in the type of the keys; numbers are cut to that of the vocabulary, as TensorFlow casts them. */
function keysOf({ builder, config }: LayerCall, x: Value, type: 'string' | 'int64'): Value {
  if ((type === 'string') !== (x.dtype === 'string'))
    throw config.refuse(`looks up ${type === 'string' ? 'words' : 'numbers'} and is called with a tensor of ${x.dtype}`)
  if (type === 'string') return x
  const own: DType | undefined = dtypeIn(config.text('vocabulary_dtype', 'int64'))
  return cast(builder, own === undefined || own === 'string' ? x : cast(builder, x, own), 'int64')
}

interface Labels {
  readonly keys: readonly Token[]
  readonly values: readonly Token[]
  readonly fallback: Token
}

function labels({ builder }: LayerCall, x: Value, { keys, values, fallback }: Labels): Value {
  const suffix = (token: Token) => (typeof token === 'string' ? 'string' : 'int64')
  const attributes: Readonly<Record<string, AttributeValue>> = {
    [`keys_${suffix(keys[0]!)}s`]: keys as readonly string[],
    [`values_${suffix(fallback)}s`]: values as readonly string[],
    [`default_${suffix(fallback)}`]: fallback,
  }
  return builder.op(
    { opType: 'LabelEncoder', domain: 'ai.onnx.ml' },
    [x],
    { dtype: suffix(fallback), shape: x.shape },
    attributes,
  )
}

const hashes: LayerKind = {
  classNames: ['Hashing', 'HashedCrossing', 'TextVectorization'],
  write: ({ config }) => {
    throw config.refuse(
      'hashes or splits its input, which ONNX cannot express; cut the model after it, and give the model the numbers that it computes',
    )
  },
}

export const lookups: readonly LayerKind[] = [lookup('StringLookup', 'string'), lookup('IntegerLookup', 'int64'), hashes]
