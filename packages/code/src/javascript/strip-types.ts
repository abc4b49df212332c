// TypeScript made JavaScript by putting spaces where types stand, so that every line stays where it was, and columns except those next to an
// enum or a parameter property, which are written out. Namespaces, decorators and modules of CommonJS' own kind are not.
import { childrenOf, isNode, nameOf, parseSource, type SyntaxNode, walk } from './syntax.ts'
import { type Edit, enumEdits, parameterEdits } from './written-out.ts'

export type StripResult =
  | { readonly ok: true; readonly code: string }
  | { readonly ok: false; readonly reason: string; readonly line: number }

interface Range {
  readonly start: number
  readonly end: number
}

/** `file`: for its ending. */
export function stripTypes(text: string, file: string): StripResult {
  const program = parseSource(text, file)
  if (program === null) return { ok: false, reason: 'it cannot be parsed', line: 1 }
  const blanks: Range[] = []
  const edits: Edit[] = []
  const problems: { reason: string; line: number }[] = []
  const used = valueNames(program)
  walk(program, (node, way) => {
    const problem = problemOf(node, way.at(-1))
    if (problem !== null) problems.push({ reason: problem, line: node.loc.start.line })
    if (isAllType(node)) {
      blanks.push(withSemicolon(node, text))
      return false
    }
    if (node.type === 'TSEnumDeclaration') edits.push(...enumEdits(node))
    if (node.type === 'ClassMethod') edits.push(...parameterEdits(node))
    blanks.push(...partsOf(node, text), ...importsOf(node, used, text))
    return undefined
  })
  if (problems.length > 0) return { ok: false, ...problems[0]! }
  return { ok: true, code: edited(blanked(text, blanks), edits) }
}

/** The whole node is erased. */
function isAllType(node: SyntaxNode): boolean {
  if (
    /^TS(InterfaceDeclaration|TypeAliasDeclaration|DeclareFunction|DeclareMethod|TypeAnnotation|TypeParameterDeclaration|TypeParameterInstantiation|IndexSignature|NamespaceExportDeclaration)$/.test(
      node.type,
    )
  )
    return true
  if (node.type === 'ImportDeclaration' && node.importKind === 'type') return true
  if (/^Export(Named|All)Declaration$/.test(node.type) && node.exportKind === 'type') return true
  if (node.declare === true) return true
  return /^Class(Property|AccessorProperty)$/.test(node.type) && (node.declare === true || node.abstract === true)
}

const MODIFIERS = /^(public|private|protected|readonly|abstract|override|declare)\s+/

function partsOf(node: SyntaxNode, text: string): Range[] {
  const { start, end } = node
  const expression = isNode(node.expression) ? node.expression : null
  switch (node.type) {
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return [{ start: expression!.end + closing(text, expression!.end, end), end }]
    case 'TSNonNullExpression':
      return [{ start: end - 1, end }]
    case 'TSTypeAssertion':
      return [{ start, end: expression!.start }]
    case 'Identifier':
      return node.optional === true ? questionMark(text, start + (node.name as string).length) : []
    case 'ClassDeclaration':
    case 'ClassExpression':
      return [...classHead(node, text), ...leading(text, start, /^(abstract)\s+/)]
    case 'ClassMethod':
    case 'ClassPrivateMethod':
    case 'ClassProperty':
    case 'ClassPrivateProperty':
    case 'ClassAccessorProperty':
      return [...modifiers(node, text), ...mark(node, text)]
    default:
      return thisParameter(node, text)
  }
}

/** Brackets around the expression belong to it: (x) as T. */
function closing(text: string, from: number, end: number): number {
  const found = /^(\s*\))+/.exec(text.slice(from, end))
  return found === null ? 0 : found[0].length
}

function questionMark(text: string, from: number): Range[] {
  const at = text.indexOf('?', from)
  return at < 0 ? [] : [{ start: at, end: at + 1 }]
}

/** `x?: T`, `x!: T`, `m?()`. */
function mark(node: SyntaxNode, text: string): Range[] {
  if (node.optional !== true && node.definite !== true) return []
  const key = node.key as SyntaxNode
  const at = text.slice(key.end).search(/[?!]/)
  return at < 0 ? [] : [{ start: key.end + at, end: key.end + at + 1 }]
}

function leading(text: string, start: number, pattern: RegExp): Range[] {
  const found = pattern.exec(text.slice(start))
  return found === null ? [] : [{ start, end: start + found[1]!.length }]
}

function modifiers(node: SyntaxNode, text: string): Range[] {
  const key = node.key as SyntaxNode
  const decorators = (node.decorators as readonly SyntaxNode[] | null | undefined) ?? []
  let at = decorators.at(-1)?.end ?? node.start
  const found: Range[] = []
  for (;;) {
    at += /^\s*/.exec(text.slice(at))![0].length
    const word = /^(public|private|protected|readonly|abstract|override|declare|static|async)\b(?!\s*[(=:;?!])/.exec(
      text.slice(at, key.start + 1),
    )
    if (word === null || at >= key.start) return found
    if (MODIFIERS.test(`${word[1]} `)) found.push({ start: at, end: at + word[1]!.length })
    at += word[1]!.length
  }
}

/** `implements A, B`. */
function classHead(node: SyntaxNode, text: string): Range[] {
  const implemented = node.implements as readonly SyntaxNode[] | undefined
  if (implemented === undefined || implemented.length === 0) return []
  const body = node.body as SyntaxNode
  const at = text.lastIndexOf('implements', implemented[0]!.start)
  return at < 0 ? [] : [{ start: at, end: body.start }]
}

/** function f(this: T, a): `this` is no parameter. */
function thisParameter(node: SyntaxNode, text: string): Range[] {
  const [first, second] = Array.isArray(node.params) ? (node.params as readonly SyntaxNode[]) : []
  if (first?.type !== 'Identifier' || first.name !== 'this') return []
  return [{ start: first.start, end: second?.start ?? first.end + (text[first.end] === ',' ? 1 : 0) }]
}

/** Imports of types: marked as such, or used nowhere as a value. */
function importsOf(node: SyntaxNode, used: ReadonlySet<string>, text: string): Range[] {
  if (node.type !== 'ImportDeclaration' && node.type !== 'ExportNamedDeclaration') return []
  const all = (node.specifiers as readonly SyntaxNode[] | undefined) ?? []
  const isType = (one: SyntaxNode) =>
    one.importKind === 'type' ||
    one.exportKind === 'type' ||
    (node.type === 'ImportDeclaration' && !used.has(nameOf(one.local as SyntaxNode) ?? ''))
  const types = all.filter(isType)
  if (types.length === 0) return []
  if (types.length === all.length && node.type === 'ImportDeclaration') return [withSemicolon(node, text)]
  return types.map((one) => ({ start: one.start, end: one.end + (/^\s*,/.exec(text.slice(one.end))?.[0].length ?? 0) }))
}

/** Names that are used as values: anywhere but in types, imports, and as keys. */
function valueNames(program: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (node: SyntaxNode, parent: SyntaxNode | null): void => {
    if (node.type === 'ImportDeclaration' || isAllType(node)) return
    if (
      /^TS/.test(node.type) &&
      !/^TS(As|Satisfies|NonNull|Instantiation|TypeAssertion|Export|ParameterProperty|Enum)/.test(node.type)
    )
      return
    if (node.type === 'TSEnumMember') {
      if (isNode(node.initializer)) visit(node.initializer, node)
      return
    }
    if (node.type === 'Identifier' || node.type === 'JSXIdentifier') {
      const isKey =
        parent !== null &&
        parent.computed !== true &&
        (parent.property === node || (parent.key === node && parent.shorthand !== true))
      if (!isKey) names.add(node.name as string)
    }
    for (const child of childrenOf(node)) visit(child, node)
  }
  visit(program, null)
  return names
}

function problemOf(node: SyntaxNode, parent: SyntaxNode | undefined): string | null {
  if (node.declare === true || parent?.declare === true) return null
  if (node.type === 'TSModuleDeclaration') return 'a namespace'
  if (node.type === 'Decorator') return 'a decorator'
  if (node.type === 'TSImportEqualsDeclaration' && node.importKind !== 'type') return 'an import with ='
  if (node.type === 'TSExportAssignment') return 'an export with ='
  return null
}

const withSemicolon = ({ start, end }: SyntaxNode, _text: string): Range => ({ start, end })

/** Line ends stay. */
function blanked(text: string, ranges: readonly Range[]): string {
  const letters = text.split('')
  for (const { start, end } of ranges)
    for (let at = start; at < end; at++) if (letters[at] !== '\n' && letters[at] !== '\r') letters[at] = ' '
  return letters.join('')
}

/** Edits do not overlap. */
function edited(text: string, edits: readonly Edit[]): string {
  const parts: string[] = []
  let from = 0
  for (const { start, end, text: put } of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(text.slice(from, start), put, text.slice(start, end).replace(/[^\r\n]/g, ''))
    from = end
  }
  parts.push(text.slice(from))
  return parts.join('')
}
