// The schemas of published documents, as strict as a reader of them would be.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { ROOT } from '../root.ts'

const compiled = new Map<string, ValidateFunction>()

/** By the name of its file: 'report', 'comparison'. */
export function schemaOf(name: string): ValidateFunction {
  const schema = join(ROOT, `packages/report/src/documents/${name}.schema.json`)
  const found =
    compiled.get(name) ??
    new Ajv2020({ allowUnionTypes: true, allErrors: true }).compile(JSON.parse(readFileSync(schema, 'utf8')))
  compiled.set(name, found)
  return found
}
