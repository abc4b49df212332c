// The schemas of published documents, as strict as a reader of them would be.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { ROOT } from '../sources.ts'

/** By the name of its file: 'report', 'comparison'. */
export const schemaOf = (name: string): ValidateFunction =>
  new Ajv2020({ allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(join(ROOT, `src/report/documents/${name}.schema.json`), 'utf8')),
  )
