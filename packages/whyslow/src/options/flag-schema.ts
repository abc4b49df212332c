// Flags as a program gives them: from a row of the table follow the JSON Schema of its value and, of a value, the words of the command line.
import type { Flag } from '@whyslow/command/terminal/flags/flag.ts'
import * as parse from '@whyslow/command/terminal/flags/option-values.ts'

/** A JSON Schema; see https://json-schema.org/draft/2020-12. */
export interface ValueSchema {
  readonly type: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly (string | number)[]
  readonly items?: ValueSchema
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly default?: unknown
}

interface Form {
  readonly schema: ValueSchema
  /** How the values of a list are typed: as one value with commas, or the flag once for each. */
  readonly list?: 'commas' | 'repeated'
  /** What the help does not say, since it shows the flag's words. */
  readonly hint?: string
}

const COUNT = { type: 'integer', minimum: 1 } as const
const TEXT = { type: 'string' } as const
const TEXTS = { type: 'array', items: TEXT } as const

/** The form of a value, by the parser of the flag's text. */
const FORMS = new Map<unknown, Form>([
  [undefined, { schema: TEXT }],
  [parse.inputPath, { schema: TEXT }],
  [parse.outputPath, { schema: TEXT }],
  [parse.percentile, { schema: TEXT, hint: 'as in p99' }],
  [parse.positiveInteger, { schema: COUNT }],
  [parse.fraction, { schema: { type: 'number', minimum: 0 } }],
  [parse.ratio, { schema: { type: 'number', exclusiveMinimum: 0 } }],
  [parse.percentile, { schema: TEXT, hint: 'as in p99' }],
  [parse.seconds, { schema: { type: ['number', 'string'] }, hint: 'seconds, or as in 2m' }],
  [parse.memorySize, { schema: { type: ['integer', 'string'] }, hint: 'bytes, or as in 2g' }],
  [parse.list, { schema: TEXTS, list: 'commas' }],
  [parse.batches, { schema: { type: 'array', items: COUNT }, list: 'commas' }],
  [parse.shapes, { schema: TEXTS, list: 'repeated', hint: 'each as in name=1x3x224x224' }],
  [parse.assignments, { schema: TEXTS, list: 'repeated', hint: 'each as in name=value' }],
])

/** Throws an Error if the flag's parser is not in the table. */
function formOf({ words, parse: parser, choices }: Flag): Form {
  if (!/[<[]/.test(words)) return { schema: { type: 'boolean' } }
  if (choices !== undefined) {
    const areNumbers = choices.every((one) => /^\d+$/.test(one))
    return { schema: areNumbers ? { type: 'integer', enum: choices.map(Number) } : { type: 'string', enum: choices } }
  }
  const form = FORMS.get(parser)
  if (form === undefined) throw new Error(`${words}: flag-schema.ts does not know the parser of its value`)
  return form
}

/** The schema of the flag's value. */
export function schemaOf(flag: Flag): ValueSchema {
  const { schema, hint } = formOf(flag)
  const about = flag.help.replace(/ \(repeatable\)|[,;] (several, )?separated by commas/, '')
  const more = [hint, flag.usual === undefined ? undefined : `default: ${flag.usual}`].filter((one) => one !== undefined)
  return {
    ...schema,
    description: more.length === 0 ? about : `${about} (${more.join('; ')})`,
    ...(flag.default === undefined ? {} : { default: flag.default }),
  }
}

/** What the flag's value is the path of; null: it is no path. */
export function pathUse({ parse: parser }: Flag): 'input' | 'output' | null {
  if (parser === parse.inputPath) return 'input'
  return parser === parse.outputPath ? 'output' : null
}

/** Why the value does not fit the schema: half a sentence; null: it does. */
export function mismatch({ type, enum: values, items }: ValueSchema, value: unknown): string | null {
  const types: readonly string[] = typeof type === 'string' ? [type] : type
  if (!types.some((one) => isOf(one, value))) return `must be ${types.join(' or ')}`
  if (values !== undefined && !values.includes(value as string)) return `must be one of ${values.join(', ')}`
  if (items === undefined) return null
  const wrong = (value as readonly unknown[]).map((item) => mismatch(items, item)).find((why) => why !== null)
  return wrong === undefined ? null : `each ${wrong}`
}

function isOf(type: string, value: unknown): boolean {
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isSafeInteger(value)
  return typeof value === type
}

/** The flag with its value as words of the command line. The value fits the schema. */
export function wordsOf(flag: Flag, value: unknown): string[] {
  const name = /--[\w-]+/.exec(flag.words)![0]
  if (typeof value === 'boolean') return value ? [name] : []
  if (!Array.isArray(value)) return [`${name}=${value}`]
  if (value.length === 0) return []
  return formOf(flag).list === 'commas' ? [`${name}=${value.join(',')}`] : value.map((one) => `${name}=${one}`)
}
