// What the page puts where a document of a version before, or of a hand, has nothing: packages/report/web/src/defaults.json, made of the documents' types.
// Of each type the fields that must be there, by what may stand in them: null, a list, an object; and the types of what
// is in them. A number or a text that is missing has no default. A type with nothing to fill in is left out.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { makeSchema } from './make-schema.mjs'

const inReport = (name) => new URL(`../packages/report/src/documents/${name}`, import.meta.url)

/** Every document that the page draws. */
export const DRAWN = {
  ReportDocument: 'report.ts',
  ComparisonDocument: 'comparison.ts',
  LoadDocument: 'load.ts',
  StudyDocument: 'study.ts',
  AbDocument: 'ab.ts',
  GapDocument: 'gap.ts',
  DistillDocument: 'distill.ts',
  LintDocument: 'lint.ts',
  GenerationDocument: 'generation.ts',
  EmbeddingDocument: 'embedding.ts',
}

export const defaultsFile = new URL('../packages/report/web/src/defaults.json', import.meta.url)

/** The text of the file. */
export function makeDefaults() {
  const schemas = new Map()
  for (const [root, file] of Object.entries(DRAWN)) {
    const { $defs = {}, ...own } = makeSchema({ file: inReport(file), root })
    for (const [name, schema] of [[root, own], ...Object.entries($defs)]) schemas.set(name, schema)
  }
  const made = Object.fromEntries([...schemas].map(([name, schema]) => [name, defaultsOf(schema)]))
  const used = Object.entries(made).filter(([, one]) => one !== null)
  return `${JSON.stringify(Object.fromEntries(used), null, 2)}\n`

  /** null: there is nothing to fill in. */
  function defaultsOf({ properties = {}, required = [] }) {
    const kinds = { nulls: [], lists: [], objects: [] }
    const inside = {}
    for (const [name, field] of Object.entries(properties)) {
      const kind = kindOf(field)
      if (required.includes(name) && kind !== null) kinds[kind].push(name)
      const within = insideOf(field)
      if (within !== null) inside[name] = within
    }
    const filled = Object.entries(kinds).filter(([, names]) => names.length > 0)
    const parts = [
      ...filled.map(([kind, names]) => [kind, names.join(' ')]),
      ...(Object.keys(inside).length > 0 ? [['in', inside]] : []),
    ]
    return parts.length === 0 ? null : Object.fromEntries(parts)
  }

  function kindOf(field) {
    const one = resolved(field)
    if (options(one).some((option) => [option.type].flat().includes('null'))) return 'nulls'
    if (one.type === 'array') return 'lists'
    return one.type === 'object' ? 'objects' : null
  }

  /** The one kind of object that a field, or a list in it, holds: by its name, or written out. */
  function insideOf(field) {
    const held = options(field).map((option) => (option.type === 'array' ? option.items : option))
    const objects = held.filter((option) => resolved(option).properties !== undefined)
    if (objects.length !== 1) return null
    const within = defaultsOf(resolved(objects[0]))
    return within && (objects[0].$ref?.split('/').at(-1) ?? within)
  }

  function options(field) {
    return field.anyOf ?? [field]
  }

  function resolved(field) {
    return field.$ref === undefined ? field : schemas.get(field.$ref.split('/').at(-1))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(defaultsFile, makeDefaults())
