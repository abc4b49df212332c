// The user's source as a tree: Babel's parser reads JavaScript, JSX and TypeScript alike, with exact places. Of its nodes only what is
// asked for here is typed.
import { parse } from '@babel/parser'

export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly loc: { readonly start: { readonly line: number }; readonly end: { readonly line: number } }
  readonly [field: string]: unknown
}

/** Null if it cannot be parsed. */
export function parseSource(source: string, file: string): SyntaxNode | null {
  const isTypes = /\.[cm]?tsx?$/.test(file)
  const isJsx = /\.[jt]sx$/.test(file) || !isTypes
  try {
    const { program } = parse(source, {
      sourceType: 'unambiguous',
      allowReturnOutsideFunction: true,
      allowAwaitOutsideFunction: true,
      errorRecovery: true,
      plugins: [
        ...(isTypes ? (['typescript'] as const) : []),
        ...(isJsx ? (['jsx'] as const) : []),
        'decorators',
        'explicitResourceManagement',
      ],
    })
    return program as unknown as SyntaxNode
  } catch {
    return null
  }
}

export const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string'

const NOT_CHILDREN = new Set(['loc', 'extra', 'leadingComments', 'trailingComments', 'innerComments', 'errors'])

/** The nodes directly below. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = []
  for (const [field, value] of Object.entries(node)) {
    if (NOT_CHILDREN.has(field) || typeof value !== 'object' || value === null) continue
    if (Array.isArray(value)) {
      for (const one of value) if (isNode(one)) found.push(one)
    } else if (isNode(value)) found.push(value)
  }
  return found
}

/** Visits a node and all below it; what `enter` answers with false is not gone into. `way`: the nodes above, the nearest last. */
export function walk(
  node: SyntaxNode,
  enter: (node: SyntaxNode, way: readonly SyntaxNode[]) => boolean | undefined,
  way: readonly SyntaxNode[] = [],
): void {
  if (enter(node, way) === false) return
  const below = [...way, node]
  for (const child of childrenOf(node)) walk(child, enter, below)
}

/** Whether the node or one below it is so. */
export function containsNode(node: SyntaxNode, is: (node: SyntaxNode) => boolean): boolean {
  return is(node) || childrenOf(node).some((child) => containsNode(child, is))
}

/** Whether the name is used in it, as a variable or a property. */
export const mentions = (node: SyntaxNode, name: string): boolean =>
  containsNode(node, (one) => one.type === 'Identifier' && one.name === name)

export const isFunction = ({ type }: SyntaxNode): boolean =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ObjectMethod|ClassMethod|ClassPrivateMethod)$/.test(type)

export const isLoop = ({ type }: SyntaxNode): boolean => /^(For|ForIn|ForOf|While|DoWhile)Statement$/.test(type)

/** Methods whose callback runs once an item. */
const EACH = new Set(['map', 'forEach', 'filter', 'reduce', 'flatMap', 'some', 'every', 'find', 'findIndex'])

/** A callback of map, forEach and the like: a loop in all but name. */
export function isEachCallback(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (!isFunction(node) || parent?.type !== 'CallExpression') return false
  const callee = parent.callee as SyntaxNode
  if (callee.type !== 'MemberExpression') return false
  const isFirst = (parent.arguments as readonly SyntaxNode[])[0] === node
  const name = nameOf(callee.property as SyntaxNode)
  if (name === 'from' && nameOf(callee.object as SyntaxNode) !== null)
    return (parent.arguments as readonly SyntaxNode[])[1] === node
  return isFirst && EACH.has(name ?? '')
}

/** 'a', 'a.b', 'this.a', 'JSON.parse'; null if it has no name. */
export function nameOf(node: SyntaxNode): string | null {
  switch (node.type) {
    case 'Identifier':
      return node.name as string
    case 'PrivateName':
      return nameOf(node.id as SyntaxNode)
    case 'ThisExpression':
      return 'this'
    case 'Super':
      return 'super'
    case 'StringLiteral':
      return node.value as string
    case 'TSNonNullExpression':
    case 'TSAsExpression':
    case 'ParenthesizedExpression':
      return nameOf(node.expression as SyntaxNode)
    case 'AwaitExpression':
      return nameOf(node.argument as SyntaxNode)
    case 'MemberExpression':
    case 'OptionalMemberExpression': {
      if (node.computed === true && (node.property as SyntaxNode).type !== 'StringLiteral') return null
      if ((node.object as SyntaxNode).type === 'StringLiteral') return null
      const [object, property] = [nameOf(node.object as SyntaxNode), nameOf(node.property as SyntaxNode)]
      return object === null || property === null ? null : `${object}.${property}`
    }
    default:
      return null
  }
}

/** A name that `nameOf` gave is an expression as it stands: not 'f.sepal length', which is f['sepal length']. */
export const isExpression = (name: string): boolean => !/^super\b/.test(name) && NAMES.test(name)

const NAMES = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*$/u

/** Name of the enclosing function: its own, or that of what it is passed to. */
export function functionName(way: readonly SyntaxNode[]): string | null {
  for (let at = way.length - 1; at >= 0; at--) {
    const node = way[at]!
    if (!isFunction(node) || isEachCallback(node, way[at - 1])) continue
    const own = isNode(node.id) ? nameOf(node.id) : isNode(node.key) ? nameOf(node.key) : null
    if (own !== null) return own
    const parent = way[at - 1]
    if (parent?.type === 'VariableDeclarator') return nameOf(parent.id as SyntaxNode)
    if (parent?.type === 'AssignmentExpression') return nameOf(parent.left as SyntaxNode)
    if (parent !== undefined && /^(Object|Class)Property$/.test(parent.type)) return nameOf(parent.key as SyntaxNode)
    if (parent?.type === 'ExportDefaultDeclaration') return 'default'
  }
  return null
}

/** Names of what modules export, by the name they have in this file: 'readFileSync' -> 'fs.readFileSync', 'ort' -> 'onnxruntime-node'. */
export function importedNames(program: SyntaxNode): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  walk(program, (node) => {
    if (node.type === 'ImportDeclaration') {
      const from = moduleName((node.source as SyntaxNode).value as string)
      for (const one of node.specifiers as readonly SyntaxNode[]) {
        const local = nameOf(one.local as SyntaxNode)!
        const imported = one.type === 'ImportSpecifier' ? nameOf(one.imported as SyntaxNode) : null
        names.set(local, imported === null || imported === 'default' ? from : `${from}.${imported}`)
      }
    }
    if (node.type === 'VariableDeclarator') addRequired(node, names)
    return undefined
  })
  return names
}

function addRequired({ id, init }: SyntaxNode, names: Map<string, string>): void {
  if (!isNode(init)) return
  const call = init.type === 'AwaitExpression' ? (init.argument as SyntaxNode) : init
  const isImport =
    call.type === 'ImportExpression' || (call.type === 'CallExpression' && /^(require|import)$/.test(calledName(call)))
  if (!isImport) return
  const source = call.type === 'ImportExpression' ? (call.source as SyntaxNode) : (call.arguments as readonly SyntaxNode[])[0]
  if (source?.type !== 'StringLiteral') return
  const from = moduleName(source.value as string)
  const target = id as SyntaxNode
  if (target.type === 'Identifier') names.set(nameOf(target)!, from)
  if (target.type !== 'ObjectPattern') return
  for (const property of target.properties as readonly SyntaxNode[]) {
    if (property.type !== 'ObjectProperty') continue
    const [key, value] = [nameOf(property.key as SyntaxNode), nameOf(property.value as SyntaxNode)]
    if (key !== null && value !== null) names.set(value, `${from}.${key}`)
  }
}

const calledName = (call: SyntaxNode): string => {
  const callee = call.callee as SyntaxNode
  return callee.type === 'Import' ? 'import' : (nameOf(callee) ?? '')
}

/** 'node:fs/promises' -> 'fs.promises'. */
const moduleName = (specifier: string): string => specifier.replace(/^node:/, '').replace(/^fs\/promises$/, 'fs.promises')

/** The callee's name with imports put in: 'fs.readFileSync', 'onnxruntime-node.InferenceSession.create'. */
export function fullName(callee: SyntaxNode, imported: ReadonlyMap<string, string>): string | null {
  const name = nameOf(callee)
  if (name === null) {
    // A method of what an expression gives: '.map'.
    const property = callee.type === 'MemberExpression' && callee.computed !== true ? nameOf(callee.property as SyntaxNode) : null
    return property === null ? null : `.${property}`
  }
  const [first, ...rest] = name.split('.')
  const from = imported.get(first!)
  return from === undefined ? name : [from, ...rest].join('.')
}

/** 'map' of `list.map(f)`; '' if it is no call of a method by its name. */
export function methodOf(call: SyntaxNode): string {
  const callee = call.type === 'CallExpression' ? (call.callee as SyntaxNode) : null
  return callee?.type === 'MemberExpression' && callee.computed !== true ? (nameOf(callee.property as SyntaxNode) ?? '') : ''
}
