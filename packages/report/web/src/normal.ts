// Documents of versions before, and of hands: what a document lacks is filled in once, here, so that figures need not ask. defaults.json says
// with what, by its type: null, a list of nothing, an object of nothing. What has no default is a number or a text, and stays away.

import all from './defaults.json' with { type: 'json' }
import type { Ab, Comparison, Distill, Embedding, Gap, Generation, Lint, Load, Report, Study } from './page-data.ts'

/** Defaults of one type: names of fields that must be there, separated by spaces, and the types of what is in them. */
interface Defaults {
  readonly nulls?: string
  readonly lists?: string
  readonly objects?: string
  readonly in?: Readonly<Record<string, string | Defaults>>
}
type Fields = Readonly<Record<string, unknown>>

const named = all as Readonly<Record<string, Defaults>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Adds the fields that it lacks; what it has stays. */
function filled(value: unknown, defaults: Defaults): Fields {
  const fields: Record<string, unknown> = isFields(value) ? { ...value } : {}
  const each = (names: string | undefined, use: (name: string) => void) => names?.split(' ').forEach(use)
  each(defaults.nulls, (name) => {
    fields[name] ??= null
  })
  each(defaults.lists, (name) => {
    if (!Array.isArray(fields[name])) fields[name] = []
  })
  each(defaults.objects, (name) => {
    if (!isFields(fields[name])) fields[name] = {}
  })
  for (const [name, type] of Object.entries(defaults.in ?? {})) {
    const inside = typeof type === 'string' ? named[type]! : type
    const held = fields[name]
    if (Array.isArray(held)) fields[name] = held.map((one) => (isFields(one) ? filled(one, inside) : one))
    else if (isFields(held)) fields[name] = filled(held, inside)
  }
  return fields
}

const normal = <T extends { readonly answer: string }>(type: string, given: unknown, kind = 'document'): T => {
  const document = filled(given, named[type]!) as unknown as T
  return { ...document, answer: typeof document.answer === 'string' ? document.answer : `The ${kind} has no sentence.` }
}

const none = { timeMs: 0, share: 0 }

export function normalReport(given: unknown): Report {
  const report = normal<Report>('ReportDocument', given, 'report')
  return {
    ...report,
    tool: { ...report.tool, version: report.tool.version ?? 'of another version' },
    machine: { ...report.machine, cpu: report.machine.cpu ?? 'an unknown machine' },
    areas: Object.fromEntries(Object.entries(report.areas).map(([name, one]) => [name, { ...none, ...one }])) as Report['areas'],
  }
}

export function normalComparison(given: unknown): Comparison {
  const comparison = normal<Comparison>('ComparisonDocument', given, 'comparison')
  return { ...comparison, reports: comparison.reports.map(normalReport) }
}

export function normalStudy(given: unknown): Study {
  const study = normal<Study>('StudyDocument', given, 'study')
  return { ...study, reports: study.reports.map(normalReport) }
}

export function normalLint(given: unknown): Lint {
  const lint = normal<Lint>('LintDocument', given)
  return { ...lint, borders: { nodes: lint.borders.nodes ?? 0, timeMs: lint.borders.timeMs ?? 0 } }
}

export const normalLoad = (given: unknown) => normal<Load>('LoadDocument', given)
export const normalAb = (given: unknown) => normal<Ab>('AbDocument', given)
export const normalGap = (given: unknown) => normal<Gap>('GapDocument', given)
export const normalDistill = (given: unknown) => normal<Distill>('DistillDocument', given)

export const normalEmbedding = (given: unknown) => normal<Embedding>('EmbeddingDocument', given)

/** What was not measured has no number: the page says that it is not known. */
export const normalGeneration = (given: unknown) => normal<Generation>('GenerationDocument', given)
