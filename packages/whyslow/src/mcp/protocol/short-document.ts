// The part of a document that decides: small enough for a conversation. Whoever wants the rest reads the resource.

/** Fields of documents that hold their verdict, with what it is of. */
const VERDICT = [
  ...[
    'schema',
    'answer',
    'verdict',
    'judged',
    'failAbove',
    'ratio',
    'ratioLow',
    'ratioHigh',
    'rounds',
    'baseline',
    'model',
    'engine',
  ],
  ...['latency', 'measured', 'metric', 'areas', 'breakdown', 'findings', 'trials', 'fix', 'quantization', 'foretold'],
  ...['contestants', 'reference', 'ranking', 'pairs', 'pareto', 'breakEven', 'notHere', 'sentences'],
  ...['written', 'fused', 'unfused', 'borders', 'hazards', 'repair', 'from', 'to', 'method', 'operators', 'inFloat', 'weights'],
  ...['calibration', 'agreement', 'unknown', 'notChecked', 'warnings'],
]
/** Fields that only say more of their neighbours, wherever they are. */
const DETAILS: ReadonlySet<string> = new Set(['samplesMs', 'blocks', 'replacement', 'tool', 'createdAt'])
/** Lists are ranked: what comes later matters less. */
const LONGEST_LIST = 12

export interface ShortDocument {
  readonly [field: string]: unknown
  /** The resource that has the whole document. */
  readonly document: string
  /** What is left out, by its place: `findings.0.nodes` and how many of them; `nodes` and null for a whole field. */
  readonly leftOut: Readonly<Record<string, number | null>>
}

export function shortDocument(document: object, uri: string): ShortDocument {
  const leftOut: Record<string, number | null> = {}
  const shorten = (value: unknown, place: string): unknown => {
    if (Array.isArray(value)) {
      if (value.length > LONGEST_LIST) leftOut[place] = value.length - LONGEST_LIST
      return value.slice(0, LONGEST_LIST).map((item, at) => shorten(item, `${place}.${at}`))
    }
    if (value === null || typeof value !== 'object') return value
    return fieldsOf(value, place, (name) => !DETAILS.has(name))
  }
  const fieldsOf = (value: object, place: string, keeps: (name: string) => boolean) =>
    Object.fromEntries(
      Object.entries(value).flatMap(([name, one]) => {
        const at = place === '' ? name : `${place}.${name}`
        if (keeps(name)) return [[name, shorten(one, at)]]
        leftOut[at] = null
        return []
      }),
    )
  const short = fieldsOf(document, '', (name) => VERDICT.includes(name))
  return { ...short, document: uri, leftOut }
}

/** JSON Schema of it, as far as all documents have the same fields. */
export const SHORT_SCHEMA = {
  type: 'object',
  properties: {
    schema: { type: 'string', description: 'which document it is, with its version' },
    answer: { type: 'string', description: 'the answer in a sentence' },
    document: { type: 'string', description: 'URI of the resource that holds the whole document' },
    leftOut: {
      type: 'object',
      description: 'what only the whole document has, by its place: how many items of a list, or null for a whole field',
      additionalProperties: { type: ['number', 'null'] },
    },
    findings: {
      type: 'array',
      description: 'what is slow and why, largest saving first; wouldSaveMs null: not known; run: the command that fixes it',
      items: { type: 'object', properties: { rule: { type: 'string' }, title: { type: 'string' }, detail: { type: 'string' } } },
    },
    breakdown: { type: 'array', description: 'parts of the latency in ms; they add up to its p50', items: { type: 'object' } },
  },
  required: ['schema', 'document', 'leftOut'],
} as const
