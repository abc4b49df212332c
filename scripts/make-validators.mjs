// Code that checks saved documents, made by ajv from the types that they have in packages/: one CommonJS file for each in dist/, next to the code
// that reads the document, so that it is loaded at once where a document is read, and nowhere else. What a version adds to a document is
// optional in its type, so that documents of versions before are read; unknown fields are allowed.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { makeSchema } from './make-schema.mjs'

const inSource = (path) => new URL(`../${path}`, import.meta.url)

/** The type that a document must have to be read, keyed by file. */
const READ = {
  // Masks hold infinities.
  'dist/model/evidence/validators/evidence.cjs': {
    file: inSource('packages/model/src/evidence/evidence.ts'),
    root: 'Evidence',
    strictNumbers: false,
  },
  'dist/report/saved/validators/baseline.cjs': {
    file: inSource('packages/report/src/documents/check.ts'),
    root: 'BaselineReport',
  },
  'dist/report/saved/validators/saved-report.cjs': {
    file: inSource('packages/report/src/documents/saved-report.ts'),
    root: 'SavedReport',
  },
  'dist/report/saved/validators/saved-machine.cjs': {
    file: inSource('packages/report/src/documents/saved-report.ts'),
    root: 'SavedMachine',
  },
  'dist/fleet/queue/validators/fleet-job.cjs': {
    file: inSource('packages/fleet/src/queue/job-type.ts'),
    root: 'FleetJob',
    closed: true,
  },
  'dist/report/saved/validators/history-entry.cjs': {
    file: inSource('packages/report/src/documents/history.ts'),
    root: 'HistoryEntry',
  },
}

export const VALIDATORS = Object.keys(READ)

/** Writes VALIDATORS. */
export function writeValidators(root) {
  for (const [name, { strictNumbers, ...type }] of Object.entries(READ)) {
    const file = join(root, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, codeOf(makeSchema(type), strictNumbers))
  }
}

function codeOf({ $schema, ...schema }, strictNumbers = true) {
  const plain = JSON.parse(
    JSON.stringify(schema, (key, value) => (key === 'description' && typeof value === 'string' ? undefined : value)),
  )
  const code = { source: true, optimize: 2 }
  const ajv = new Ajv({ allowUnionTypes: true, strictNumbers, messages: false, loopRequired: 1, loopEnum: 1, code })
  return shortened(standalone.default(ajv, ajv.compile(plain)))
}

/**
 * A third less, as text: without what nobody reads (where in the schema a fault lies, what data$ references would need) and without
 * spaces around operators, which no name in a document has; the most frequent fault is made by a function.
 */
function shortened(code) {
  const typeFault = /\{instancePath(?:(:)([^,{}]+))?,keyword:"type",params:\{type: ?("\w+")\}\}/g
  const body = code
    .replace('"use strict";', '')
    .replace(/,schemaPath:"(?:[^"\\]|\\.)*"/g, '')
    .replace(/,parentData:[^,{}]+,parentDataProperty:(?:"[^"]*"|[^,{}]+),rootData\}/g, '}')
    .replace(/ (===?|!==|\+|\|\||&&|<) /g, '$1')
    .replace(typeFault, (_, named, path, type) => `typeFault(${named ? path : 'instancePath'},${type})`)
  return `"use strict";const typeFault=(instancePath,type)=>({instancePath,keyword:"type",params:{type}});${body}`
}
