// How a file is started, told by its source. ES modules that export what is called are imported: what such a file does where it is the one that was
// started (`if (process.argv[1] === fileURLToPath(import.meta.url)) main()`) is no part of a prediction.
import fs from 'node:fs'
import { dirname, extname, join } from 'node:path'
import type { Start } from '../turns/run-file.ts'
import { childrenOf, containsNode, isFunction, isNode, nameOf, parseSource, type SyntaxNode, walk } from './syntax.ts'

export interface FileStart {
  readonly start: Start
  /** It runs from top to bottom, and exports nothing to call. false: it has something to call, or only running it can tell. */
  readonly isScript: boolean
}

/** `call`: the function that is called; null: the file's stages, or the file as a script. One rule for all commands. */
export function readStart(file: string, call: string | null): FileStart {
  if (call !== null) return IMPORTED
  try {
    const program = parseSource(fs.readFileSync(file, 'utf8'), file)
    if (program === null) return UNKNOWN
    if (exportsStages(program)) return IMPORTED
    if (mayExportStages(program)) return UNKNOWN
    if (isOneFunction(program)) return IMPORTED
    return { start: isCommonJs(program, file) ? 'required' : 'main', isScript: true }
  } catch {
    return UNKNOWN
  }
}

const IMPORTED: FileStart = { start: 'imported', isScript: false }
const UNKNOWN: FileStart = { start: 'main', isScript: false }

export const startOf = (file: string, call: string | null): Start => readStart(file, call).start

/** It exports `predict`, a default, or all that another module has. Exported for its test. */
function exportsStages(program: SyntaxNode): boolean {
  return (program.body as readonly SyntaxNode[]).some((node) => {
    if (node.type === 'ExportDefaultDeclaration') return true
    if (node.type === 'ExportAllDeclaration') return node.exportKind !== 'type'
    return node.type === 'ExportNamedDeclaration' && exportedNames(node).some((name) => /^(predict|default)$/.test(name))
  })
}

function exportedNames({ declaration, specifiers }: SyntaxNode): string[] {
  const named = (specifiers as readonly SyntaxNode[]).map((one) => nameOf(one.exported as SyntaxNode))
  const declared = isNode(declaration) ? [declaration, ...((declaration.declarations as readonly SyntaxNode[]) ?? [])] : []
  const own = declared.flatMap(({ id }) => (isNode(id) ? namesIn(id) : []))
  return [...named, ...own].filter((name) => name !== null)
}

/** Names in a pattern, including nested ones. */
const namesIn = (id: SyntaxNode): string[] => (id.type === 'Identifier' ? [id.name as string] : childrenOf(id).flatMap(namesIn))

/** As Node tells it: by its ending, its package, its syntax. */
function isCommonJs(program: SyntaxNode, file: string): boolean {
  const ending = extname(file)
  if (ending === '.cjs') return true
  return ending === '.js' && program.sourceType === 'script' && !awaitsAtTop(program) && typeOfPackage(file) !== 'module'
}

function awaitsAtTop(program: SyntaxNode): boolean {
  let found = false
  walk(program, (node) => {
    found ||= node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await === true)
    return !isFunction(node)
  })
  return found
}

function typeOfPackage(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (fs.existsSync(manifest)) return (JSON.parse(fs.readFileSync(manifest, 'utf8')) as { type?: string }).type
    if (dirname(folder) === folder) return undefined
  }
}

/** `exports.predict = …`, `module.exports = …` of anything but an object without predict. */
function mayExportStages(program: SyntaxNode): boolean {
  return containsNode(program, (node) => {
    if (node.type !== 'AssignmentExpression') return false
    const name = nameOf(node.left as SyntaxNode)
    if (/^(module\.)?exports\.(predict|default)$/.test(name ?? '')) return true
    const right = node.right as SyntaxNode
    if (name !== 'module.exports') return false
    if (right.type !== 'ObjectExpression') return true
    return (right.properties as readonly SyntaxNode[]).some(
      (one) => one.type === 'SpreadElement' || (isNode(one.key) && nameOf(one.key) === 'predict'),
    )
  })
}

const QUIET = /^(Import|Function|Class|Variable|ExportNamed)Declaration$|^TS|^EmptyStatement$/
const MAY_BE_FUNCTION =
  /^(Function|Arrow|Call|Member|Conditional|Logical)\w*Expression$|^Identifier$|^ObjectMethod$|^FunctionDeclaration$/

/** Whether it exports one function, and does nothing but make what that needs when it runs: Python's rule (single_of in target.py). */
function isOneFunction(program: SyntaxNode): boolean {
  const body = program.body as readonly SyntaxNode[]
  const isQuiet = (node: SyntaxNode): boolean =>
    QUIET.test(node.type) || isGuard(node) || (node.expression as SyntaxNode | undefined)?.type === 'AssignmentExpression'
  if (!body.every(isQuiet)) return false
  const functions = exportedValues(body).filter(
    ([name, value]) =>
      !/^(load|samples|preprocess|postprocess)$/.test(name) && (value === null || MAY_BE_FUNCTION.test(value.type)),
  )
  const [[name, value] = ['main', null]] = functions
  // A function that needs nothing, behind a guard, is the script itself.
  const isMain = name === 'main' || (value?.params as readonly unknown[] | undefined)?.length === 0
  const sure = functions.filter(([, one]) => one !== null && isFunction(one))
  return functions.length > 0 && sure.length <= 1 && !(body.some(isGuard) && isMain)
}

/** `if (require.main === module)`, `if (process.argv[1] === fileURLToPath(import.meta.url))`. */
const isGuard = ({ type, test }: SyntaxNode): boolean =>
  type === 'IfStatement' &&
  containsNode(
    test as SyntaxNode,
    (node) => node.type === 'MetaProperty' || /^(process\.argv|require\.main)$/.test(nameOf(node) ?? ''),
  )

/** Exported values with their names; null: the value is in another file. */
function exportedValues(body: readonly SyntaxNode[]): (readonly [string, SyntaxNode | null])[] {
  const declarations = body.map((node) => (isNode(node.declaration) ? node.declaration : node))
  const own = new Map(declarations.flatMap(valuesOf))
  const settled = (node: SyntaxNode): SyntaxNode | null => own.get(nameOf(node) ?? '') ?? node
  return body.flatMap((node) => {
    if (node.type === 'ExportNamedDeclaration') {
      const named = (node.specifiers as readonly SyntaxNode[]).map((one) => {
        const local = isNode(node.source) ? null : settled(one.local as SyntaxNode)
        return [nameOf(one.exported as SyntaxNode) ?? '', local] as const
      })
      return [...named, ...(isNode(node.declaration) ? valuesOf(node.declaration) : [])]
    }
    const { left, right } = (node.expression ?? {}) as { left?: SyntaxNode; right?: SyntaxNode }
    const name = left === undefined ? null : nameOf(left)
    if (name === 'module.exports')
      return ((right!.properties ?? []) as readonly SyntaxNode[]).map(
        (one) => [nameOf(one.key as SyntaxNode) ?? '', isNode(one.value) ? settled(one.value) : one] as const,
      )
    const exported = name?.match(/^(?:module\.)?exports\.(\w+)$/)?.[1]
    return exported === undefined ? [] : [[exported, settled(right!)] as const]
  })
}

/** What a statement declares. */
function valuesOf(node: SyntaxNode): (readonly [string, SyntaxNode])[] {
  if (node.type === 'FunctionDeclaration') return [[nameOf(node.id as SyntaxNode)!, node]]
  if (node.type !== 'VariableDeclaration') return []
  return (node.declarations as readonly SyntaxNode[]).flatMap(({ id, init }) =>
    namesIn(id as SyntaxNode).flatMap((name) => (isNode(init) ? [[name, init] as const] : [])),
  )
}
