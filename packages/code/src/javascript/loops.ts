// Loops over numbers: what the body of a loop does, told by its syntax alone. Elementwise: each element of the result comes from the same
// place of what is read, and from no other. Layout: elements move to places that are reckoned of several loops' variables.
import { childrenOf, containsNode, isFunction, isLoop, isNode, nameOf, type SyntaxNode, walk } from './syntax.ts'

export type LoopKind = 'elementwise-loop' | 'reduction-loop' | 'layout-loop'

export interface LoopShape {
  readonly kind: LoopKind
  /** Names of the arrays that it reads and writes by index. */
  readonly arrays: readonly string[]
}

const ARITHMETIC = /^([+\-*/%&|^]|\*\*|<<|>>>?|[<>]=?|[=!]==?|&&|\|\||\?\?)$/

/** Null if it is none of these. */
export function loopShape(loop: SyntaxNode): LoopShape | null {
  const variables = loopVariables(loop)
  const writes = indexedWrites(loop)
  const arrays = [...new Set([...indexedNames(loop)])]
  if (writes.length > 0 && variables.length > 1 && writes.some((write) => moves(write, variables))) {
    return { kind: 'layout-loop', arrays }
  }
  if (variables.length > 1 && permutes(loop, variables)) return { kind: 'layout-loop', arrays }
  if (containsNode(loop.body as SyntaxNode, (node) => isLoop(node) || isFunction(node) || leaves(node))) return null
  if (!isArithmetic(loop)) return null
  const own = ownVariables(loop)
  if (writes.length > 0 && writes.every((write) => isSamePlace(write, own)) && !carries(loop, writes, own)) {
    return { kind: 'elementwise-loop', arrays }
  }
  if (writes.length === 0 && accumulates(loop) && arrays.length > 0) return { kind: 'reduction-loop', arrays }
  return null
}

const leaves = ({ type }: SyntaxNode): boolean => /^(Break|Return|Throw|Continue|Yield|Await|Try)/.test(type)

/** Variables of this loop and of those in it. */
function loopVariables(loop: SyntaxNode): string[] {
  const found: string[] = []
  walk(loop, (node) => {
    if (isLoop(node)) found.push(...ownVariables(node))
    return undefined
  })
  return [...new Set(found)]
}

function ownVariables(loop: SyntaxNode): string[] {
  const own: string[] = []
  const declared = (node: SyntaxNode): undefined => {
    if (node.type === 'VariableDeclarator') own.push(...bound(node.id as SyntaxNode))
    return undefined
  }
  const counted = (node: SyntaxNode): undefined => {
    if (node.type === 'UpdateExpression') own.push(nameOf(node.argument as SyntaxNode) ?? '')
    return undefined
  }
  const start = loop.type === 'ForStatement' ? loop.init : loop.left
  if (isNode(start)) walk(start, declared)
  if (isNode(loop.update)) walk(loop.update, counted)
  if (loop.type === 'WhileStatement' || loop.type === 'DoWhileStatement') walk(loop.body as SyntaxNode, counted)
  return [...new Set(own.filter(Boolean))]
}

const bound = (pattern: SyntaxNode): string[] =>
  pattern.type === 'Identifier' ? [pattern.name as string] : childrenOf(pattern).flatMap(bound)

interface Write {
  readonly array: string
  readonly index: SyntaxNode
  readonly value: SyntaxNode
}

/** Assignments to an element: a[i] = …, a[i] *= …; `push` of a number counts as one at the end. */
function indexedWrites(loop: SyntaxNode): Write[] {
  const found: Write[] = []
  walk(loop.body as SyntaxNode, (node) => {
    if (node.type !== 'AssignmentExpression') return undefined
    const left = node.left as SyntaxNode
    if (left.type !== 'MemberExpression' || left.computed !== true) return undefined
    const array = nameOf(left.object as SyntaxNode)
    if (array !== null) found.push({ array, index: left.property as SyntaxNode, value: node.right as SyntaxNode })
    return undefined
  })
  return found
}

function indexedNames(loop: SyntaxNode): string[] {
  const found: string[] = []
  walk(loop.body as SyntaxNode, (node) => {
    if (node.type === 'MemberExpression' && node.computed === true) {
      const object = node.object as SyntaxNode
      const name = object.type === 'StringLiteral' ? null : nameOf(object)
      if (name !== null) found.push(name)
    }
    return undefined
  })
  return found
}

/** The place is reckoned of two of the loops' variables or more, and what is read comes from another place. */
function moves({ array, index, value }: Write, variables: readonly string[]): boolean {
  const used = variables.filter((name) => containsNode(index, (node) => node.type === 'Identifier' && node.name === name))
  const reads =
    value.type !== 'NumericLiteral' && containsNode(value, (node) => node.type === 'MemberExpression' && node.computed === true)
  if (!reads) return false
  // What is written is read elsewhere: a sum along a row, and no move.
  if (
    containsNode(
      value,
      (node) => node.type === 'MemberExpression' && node.computed === true && nameOf(node.object as SyntaxNode) === array,
    )
  )
    return false
  const isReckoned = containsNode(index, (node) => node.type === 'BinaryExpression') || index.type === 'UpdateExpression'
  return isReckoned && (used.length > 1 || index.type === 'UpdateExpression' || used.length > 0)
}

/** out[c][y][x] = image[y][x][c]: the same variables in another order. */
function permutes(loop: SyntaxNode, variables: readonly string[]): boolean {
  return containsNode(loop.body as SyntaxNode, (node) => {
    if (node.type !== 'AssignmentExpression') return false
    const target = indexOrder(node.left as SyntaxNode, variables)
    return (
      target.length > 1 &&
      containsNode(node.right as SyntaxNode, (one) => {
        const source = indexOrder(one, variables)
        return source.length === target.length && source.join() !== target.join() && source.every((name) => target.includes(name))
      })
    )
  })
}

/** Variables that pick an element of arrays in arrays, the outermost first; empty: it is no such place. */
function indexOrder(node: SyntaxNode, variables: readonly string[]): string[] {
  const found: string[] = []
  let at = node
  while (at.type === 'MemberExpression' && at.computed === true) {
    const name = nameOf(at.property as SyntaxNode)
    if (name !== null && variables.includes(name)) found.unshift(name)
    at = at.object as SyntaxNode
  }
  return found
}

const isSamePlace = ({ index }: Write, own: readonly string[]): boolean =>
  index.type === 'Identifier' && own.includes(index.name as string)

/** What is written is read at another place: a[i - 1]. */
function carries(loop: SyntaxNode, writes: readonly Write[], own: readonly string[]): boolean {
  const written = new Set(writes.map(({ array }) => array))
  return containsNode(loop.body as SyntaxNode, (node) => {
    if (node.type !== 'MemberExpression' || node.computed !== true) return false
    const index = node.property as SyntaxNode
    const isPlain = index.type === 'Identifier' && own.includes(index.name as string)
    return written.has(nameOf(node.object as SyntaxNode) ?? '') && !isPlain
  })
}

function accumulates(loop: SyntaxNode): boolean {
  return containsNode(
    loop.body as SyntaxNode,
    (node) =>
      node.type === 'AssignmentExpression' &&
      /^[+*-]=$/.test(node.operator as string) &&
      (node.left as SyntaxNode).type === 'Identifier',
  )
}

/** Nothing but numbers happen: no calls but Math's, no objects, no strings, no chance. */
function isArithmetic(loop: SyntaxNode): boolean {
  return !containsNode(loop.body as SyntaxNode, (node) => {
    switch (node.type) {
      case 'CallExpression':
      case 'NewExpression':
        return !/^Math\.(?!random$)/.test(nameOf(node.callee as SyntaxNode) ?? '')
      case 'BinaryExpression':
      case 'LogicalExpression':
        return !ARITHMETIC.test(node.operator as string)
      case 'ObjectExpression':
      case 'ArrayExpression':
      case 'TemplateLiteral':
      case 'StringLiteral':
      case 'TaggedTemplateExpression':
        return true
      default:
        return false
    }
  })
}

/** The callback of a map that reckons one number of one: x => x / 255. */
export function isArithmeticCallback(node: SyntaxNode): boolean {
  const body = node.body as SyntaxNode
  const expression = body.type === 'BlockStatement' ? returned(body) : body
  if (expression === null) return false
  const isReckoning = containsNode(
    expression,
    (one) =>
      one.type === 'BinaryExpression' ||
      /^Math\./.test(one.type === 'CallExpression' ? (nameOf(one.callee as SyntaxNode) ?? '') : ''),
  )
  return isReckoning && isArithmetic({ ...node, body: expression })
}

function returned(block: SyntaxNode): SyntaxNode | null {
  const statements = block.body as readonly SyntaxNode[]
  const last = statements.at(-1)
  return last?.type === 'ReturnStatement' && isNode(last.argument) ? last.argument : null
}
