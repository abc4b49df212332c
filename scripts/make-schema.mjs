// Makes JSON Schemas (draft 2020-12) of documents from their TypeScript types. As a command it writes those that are published,
// packages/report/src/documents/*.schema.json; make-validators.mjs makes code of others. It understands the subset of TypeScript that documents
// use, follows imports, and throws on anything else. Comments at the end of a line, and doc comments, become descriptions;
// `@exclusiveMinimum 0` in a doc comment bounds a number.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { fileOf } from './packages.mjs'

// `import` would search its nine megabytes for names of exports.
const ts = createRequire(import.meta.url)('typescript')

const inReport = (name) => new URL(`../packages/report/src/documents/${name}`, import.meta.url)

const ROOTS = {
  report: 'ReportDocument',
  comparison: 'ComparisonDocument',
  study: 'StudyDocument',
  load: 'LoadDocument',
  ab: 'AbDocument',
  check: 'CheckDocument',
  convert: 'ConvertDocument',
  distill: 'DistillDocument',
  doctor: 'DoctorDocument',
  embedding: 'EmbeddingDocument',
  engines: 'EnginesDocument',
  foretold: 'EstimateDocument',
  gap: 'GapDocument',
  generation: 'GenerationDocument',
  history: 'HistoryDocument',
  lint: 'LintDocument',
  'lite-quantize': 'LiteQuantizeDocument',
  machine: 'MachineDescription',
  'trace-comparison': 'TraceComparisonDocument',
  watch: 'WatchDocument',
}

/** What each published schema is made of: a file, and the interface in it that the document is. */
export const DOCUMENTS = Object.fromEntries(
  Object.entries(ROOTS).map(([name, root]) => [`${name}.schema.json`, { file: inReport(`${name}.ts`), root }]),
)

/** The text of one of DOCUMENTS. */
export const schemaOf = (name, options = {}) => `${JSON.stringify(makeSchema({ ...DOCUMENTS[name], ...options }), null, 2)}\n`

/**
 * The schema of the interface `root`, declared in `file`, whose content `text` may stand for; the other types that it needs stand in
 * `$defs`. Fields may be added within one version, so unknown ones are allowed, unless `closed`: then a misspelt field is an error.
 */
export function makeSchema({ file, root, text = readFileSync(file, 'utf8'), closed = false }) {
  const scopes = new Map([[file.href, scopeOf(file, text, 0)]])
  const made = new Map()
  const main = define(root, scopes.get(file.href))
  made.delete(root)
  // What is imported comes first, each file's types in their order.
  const others = [...made.entries()].sort(
    ([, a], [, b]) => b.depth - a.depth || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.at - b.at),
  )
  const definitions = others.length > 0 ? { $defs: Object.fromEntries(others.map(([name, { schema }]) => [name, schema])) } : {}
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: root, ...main.schema, ...definitions }

  /** Makes the schema of a name as it is known in a file, once. */
  function define(name, scope) {
    const { statement, scope: home } = lookUp(name, scope)
    const known = made.get(name)
    if (known !== undefined && known.statement !== statement) throw new Error(`two types are called ${name}`)
    if (known !== undefined) return known
    const one = { statement, depth: home.depth, path: home.file.href, at: statement.pos, schema: undefined }
    made.set(name, one)
    one.schema = ts.isInterfaceDeclaration(statement) ? objectSchema(membersOf(statement)) : typeSchema(statement.type)
    return one
  }

  function lookUp(name, scope) {
    const statement = scope.declared.get(name)
    if (statement !== undefined) return { statement, scope }
    const from = scope.imported.get(name)
    if (from === undefined) throw new Error(`${scope.file.href} declares no ${name}`)
    const target = from.startsWith('.') ? new URL(from, scope.file) : pathToFileURL(fileOf(from))
    if (!scopes.has(target.href)) scopes.set(target.href, scopeOf(target, readFileSync(target, 'utf8'), scope.depth + 1))
    return lookUp(name, scopes.get(target.href))
  }

  /** Its own, after those of what it extends. */
  function membersOf(statement) {
    const bases = (statement.heritageClauses ?? []).flatMap(({ types }) => types)
    const inherited = bases.flatMap((base) => {
      const found = lookUp(base.expression.text, scopeAt(statement)).statement
      return ts.isInterfaceDeclaration(found) && base.typeArguments === undefined ? membersOf(found) : fail(base)
    })
    return [...inherited, ...statement.members]
  }

  function scopeAt(node) {
    return scopes.get(node.getSourceFile().fileName)
  }

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
    if (ts.isTypeOperatorNode(type) && type.operator === ts.SyntaxKind.ReadonlyKeyword) return typeSchema(type.type)
    if (ts.isLiteralTypeNode(type)) return literalSchema(type.literal)
    if (ts.isArrayTypeNode(type)) return { type: 'array', items: typeSchema(type.elementType) }
    if (ts.isTupleTypeNode(type)) return tupleSchema(type.elements)
    if (ts.isTypeLiteralNode(type)) return objectSchema(type.members)
    if (ts.isUnionTypeNode(type)) return unionSchema(type.types.map(typeSchema))
    if (ts.isTypeReferenceNode(type)) return referenceSchema(type)
    return fail(type)
  }

  /** A list of so many elements of one type. */
  function tupleSchema(elements) {
    const [items, ...others] = elements.map(typeSchema)
    if (others.some((other) => JSON.stringify(other) !== JSON.stringify(items))) return fail(elements[0])
    return { type: 'array', items, minItems: elements.length, maxItems: elements.length }
  }

  function literalSchema(literal) {
    if (literal.kind === ts.SyntaxKind.NullKeyword) return { type: 'null' }
    if (literal.kind === ts.SyntaxKind.TrueKeyword) return { const: true }
    if (ts.isStringLiteral(literal)) return { const: literal.text }
    return fail(literal)
  }

  function unionSchema(members) {
    if (members.every((member) => 'const' in member)) return { enum: members.map((member) => member.const) }
    const simple = members.every((member) => Object.keys(member).length === 1 && typeof member.type === 'string')
    return simple ? { type: members.map((member) => member.type) } : { anyOf: members }
  }

  function referenceSchema(type) {
    const name = type.typeName.getText()
    if (name === 'Readonly') return typeSchema(type.typeArguments[0])
    if (name === 'Required') return wholeSchema(type.typeArguments[0])
    if (name === 'Record') return recordSchema(type)
    if (type.typeArguments !== undefined || !ts.isIdentifier(type.typeName)) return fail(type)
    define(name, scopeAt(type))
    return { $ref: `#/$defs/${name}` }
  }

  /** An interface with no field left out. */
  function wholeSchema(type) {
    const { properties } = define(type.typeName.text, scopeAt(type)).schema
    return withFields(properties, Object.keys(properties))
  }

  function recordSchema(type) {
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
        fields[name] = { ...typeSchema(member.type), ...commentOf(member) }
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
}

/** A file's types, and where those that it imports come from. */
function scopeOf(file, text, depth) {
  const source = ts.createSourceFile(file.href, text, ts.ScriptTarget.Latest, true)
  const declared = new Map()
  const imported = new Map()
  for (const statement of source.statements) {
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) declared.set(statement.name.text, statement)
    if (!ts.isImportDeclaration(statement)) continue
    for (const { name } of statement.importClause?.namedBindings?.elements ?? [])
      imported.set(name.text, statement.moduleSpecifier.text)
  }
  return { file, depth, declared, imported }
}

function commentOf(member) {
  const { text } = member.getSourceFile()
  const before = (ts.getLeadingCommentRanges(text, member.pos) ?? []).filter((range) => text.startsWith('/**', range.pos))
  const after = ts.getTrailingCommentRanges(text, member.end) ?? []
  const words = [...before, ...after].map(({ pos, end }) =>
    text
      .slice(pos, end)
      .replace(/^\/\/|^\/\*\*?|\*\/$|^\s*\*/gm, '')
      .trim(),
  )
  const [, description, , least] = /^(.*?)(@exclusiveMinimum (\S+))?$/.exec(words.join(' ').replace(/\s+/g, ' '))
  return {
    ...(description === '' ? {} : { description }),
    ...(least === undefined ? {} : { exclusiveMinimum: Number(least) }),
  }
}

function fail(node) {
  const file = node.getSourceFile()
  const { line } = file.getLineAndCharacterOfPosition(node.getStart())
  const what = `${node.getText()}' (${ts.SyntaxKind[node.kind]})`
  throw new Error(`${file.fileName}:${line + 1}: make-schema does not know '${what}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(DOCUMENTS)) {
    writeFileSync(inReport(name), schemaOf(name))
    process.stdout.write(`${fileURLToPath(inReport(name))}\n`)
  }
}
