// Writes src/report/documents/report.schema.json and comparison.schema.json, the JSON Schemas (draft 2020-12) of the documents, from the
// TypeScript types in src/report/documents/report.ts and comparison.ts. It understands the subset of TypeScript that the document uses and throws on anything else.
// Comments at the end of a line, and doc comments, become descriptions.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const inReport = (name) => new URL(`../src/report/documents/${name}`, import.meta.url)

/** What each schema is made of: the files' declarations together, and the interface that the document is. */
export const DOCUMENTS = {
  'report.schema.json': { sources: ['report.ts'], root: 'ReportDocument' },
  'comparison.schema.json': { sources: ['report.ts', 'comparison.ts'], root: 'ComparisonDocument' },
}

/** The schema of one of DOCUMENTS, from the files as they are. */
export function schemaOf(name, options = {}) {
  const { sources, root } = DOCUMENTS[name]
  return makeSchema(sources.map((file) => readFileSync(inReport(file), 'utf8')).join('\n'), { root, ...options })
}

/**
 * The schema as a JSON text. `root` is the interface that the document is; the other exported types stand in `$defs`.
 * Fields may be added within one version, so unknown ones are allowed, unless `closed`: then a misspelt field is an error.
 */
export function makeSchema(text, { root = 'ReportDocument', closed = false } = {}) {
  const file = ts.createSourceFile('document.ts', text, ts.ScriptTarget.Latest, true)
  const declared = new Map()
  for (const statement of file.statements) {
    if (ts.isInterfaceDeclaration(statement)) declared.set(statement.name.text, objectSchema(statement.members))
    else if (ts.isTypeAliasDeclaration(statement)) declared.set(statement.name.text, typeSchema(statement.type))
    else if (!ts.isImportDeclaration(statement)) fail(statement)
  }
  if (!declared.has(root)) throw new Error(`document.ts declares no ${root}`)
  const { [root]: main, ...others } = Object.fromEntries(declared)
  const definitions = Object.keys(others).length > 0 ? { $defs: others } : {}
  const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: root, ...main, ...definitions }
  return `${JSON.stringify(schema, null, 2)}\n`

  function typeSchema(type) {
    switch (type.kind) {
      case ts.SyntaxKind.StringKeyword:
        return { type: 'string' }
      case ts.SyntaxKind.NumberKeyword:
        return { type: 'number' }
      case ts.SyntaxKind.BooleanKeyword:
        return { type: 'boolean' }
      case ts.SyntaxKind.UnknownKeyword:
        return {}
    }
    if (ts.isParenthesizedTypeNode(type)) return typeSchema(type.type)
    if (ts.isLiteralTypeNode(type)) return literalSchema(type.literal)
    if (ts.isArrayTypeNode(type)) return { type: 'array', items: typeSchema(type.elementType) }
    if (ts.isTypeLiteralNode(type)) return objectSchema(type.members)
    if (ts.isUnionTypeNode(type)) return unionSchema(type.types.map(typeSchema))
    if (ts.isTypeReferenceNode(type)) return referenceSchema(type)
    return fail(type)
  }

  function literalSchema(literal) {
    if (literal.kind === ts.SyntaxKind.NullKeyword) return { type: 'null' }
    if (ts.isStringLiteral(literal)) return { const: literal.text }
    return fail(literal)
  }

  function unionSchema(members) {
    if (members.every((member) => 'const' in member)) return { enum: members.map((member) => member.const) }
    const simple = members.every((member) => Object.keys(member).length === 1 && typeof member.type === 'string')
    return simple ? { type: members.map((member) => member.type) } : { anyOf: members }
  }

  function referenceSchema(type) {
    const name = type.typeName.getText(file)
    if (name !== 'Record') return { $ref: `#/$defs/${name}` }
    const [key, value] = type.typeArguments
    const keys = typeSchema(key)
    if (keys.type === 'string') return { type: 'object', additionalProperties: typeSchema(value) }
    if (keys.enum === undefined) return fail(type)
    return withFields(Object.fromEntries(keys.enum.map((each) => [each, typeSchema(value)])), keys.enum)
  }

  function objectSchema(members) {
    const fields = {}
    const required = []
    let rest
    for (const member of members) {
      if (ts.isIndexSignatureDeclaration(member)) rest = typeSchema(member.type)
      else if (ts.isPropertySignature(member)) {
        const name = member.name.text
        fields[name] = { ...typeSchema(member.type), ...description(member) }
        if (member.questionToken === undefined) required.push(name)
      } else fail(member)
    }
    return rest === undefined
      ? withFields(fields, required)
      : { type: 'object', properties: fields, required, additionalProperties: rest }
  }

  function withFields(fields, required) {
    return { type: 'object', properties: fields, required, ...(closed ? { additionalProperties: false } : {}) }
  }

  function description(member) {
    const before = (ts.getLeadingCommentRanges(text, member.pos) ?? []).filter((range) => text.startsWith('/**', range.pos))
    const after = ts.getTrailingCommentRanges(text, member.end) ?? []
    const words = [...before, ...after].map(({ pos, end }) =>
      text
        .slice(pos, end)
        .replace(/^\/\/|^\/\*\*?|\*\/$|^\s*\*/gm, '')
        .trim(),
    )
    return words.length > 0 ? { description: words.join(' ').replace(/\s+/g, ' ') } : {}
  }

  function fail(node) {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
    throw new Error(`document.ts:${line + 1}: make-schema does not know '${node.getText(file)}' (${ts.SyntaxKind[node.kind]})`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(DOCUMENTS)) {
    writeFileSync(inReport(name), schemaOf(name))
    process.stdout.write(`${fileURLToPath(inReport(name))}\n`)
  }
}
