// Tokenizers written by hand: a loop that looks pieces of a text (its words, its characters, what was cut from it) up in a table. What is a text
// is told by what is done with it: methods that only strings have, regular expressions, a type, a parameter's name. Arrays are sliced and
// indexed too, and numbers looked up: none of that is a tokenizer. packages/measure/src/python/collector/whyslow_collector/tokenizers.py is the same for Python.
import { containsNode, isEachCallback, isExpression, isFunction, isNode, nameOf, type SyntaxNode, walk } from './syntax.ts'

/** What a name or an expression is: nothing of the kind, several texts, a text, pieces of one. Of two the larger stands. */
const NONE = 0
const MANY = 1
const TEXT = 2
const PIECE = 3

/** Methods that only strings have. */
const TEXT_METHODS =
  /^(toLowerCase|toUpperCase|charAt|charCodeAt|codePointAt|trim|trimStart|trimEnd|substring|substr|replaceAll|startsWith|endsWith|localeCompare|matchAll)$/
/** Their result is of the kind of what they are called on. */
const SAME_METHODS =
  /^(toLowerCase|toUpperCase|trim|trimStart|trimEnd|normalize|replace|replaceAll|concat|padStart|padEnd|pop|shift|filter|reverse|sort|flat|join|values)$/
/** Codes of characters are looked up by what decodes bytes, too. */
const CUTS = /^(charAt|substring|substr|matchAll)$/
const NUMBERS = /^(Number|parseInt|parseFloat|BigInt|Number\.parse(Int|Float))$/
const LOOK_UPS = /^(get|has|indexOf|findIndex|includes|hasOwn)$/
const PARAMETERS: readonly (readonly [RegExp, number])[] = [
  [/^(texts|sentences|strings|utterances)$/, MANY],
  [/^(text|sentence|string|utterance|word|char|character|letter)$/, TEXT],
  [/^(words|chars|characters|letters)$/, PIECE],
]
/** A piece may be handed on so often before its line is reached. */
const ROUNDS = 4

/** `way`: the nodes above the loop, or above the call that goes over each. */
export function isTokenizerLoop(loop: SyntaxNode, way: readonly SyntaxNode[]): boolean {
  const texts = textsOf(homeOf(loop, way))
  return containsNode(loop, (node) => lookedUpIn(node, texts) !== null)
}

/** Names of the tables that pieces are looked up in there. */
export function tablesOf(loop: SyntaxNode, way: readonly SyntaxNode[]): readonly string[] {
  const texts = textsOf(homeOf(loop, way))
  const names = new Set<string>()
  walk(loop, (node) => {
    const table = lookedUpIn(node, texts)
    const name = table === null ? null : nameOf(table)
    if (name !== null && isExpression(name)) names.add(name)
    return undefined
  })
  return [...names]
}

/** The function around, which callbacks of map and the like are a part of; the program if there is none. */
function homeOf(loop: SyntaxNode, way: readonly SyntaxNode[]): SyntaxNode {
  for (let at = way.length - 1; at > 0; at--) if (isFunction(way[at]!) && !isEachCallback(way[at]!, way[at - 1])) return way[at]!
  return way[0] ?? loop
}

/** Which names hold texts, and which pieces of them. */
type Texts = ReadonlyMap<string, number>

const known = new WeakMap<SyntaxNode, Texts>()

function textsOf(home: SyntaxNode): Texts {
  const before = known.get(home)
  if (before !== undefined) return before
  const texts = new Map<string, number>()
  if (isFunction(home)) for (const one of home.params as readonly SyntaxNode[]) readParameter(one, texts)
  for (let round = 0, last = ''; round < ROUNDS; round++) {
    walk(home, (node, way) => {
      if (node !== home && isFunction(node) && !isEachCallback(node, way.at(-1))) return false
      read(node, texts)
      return undefined
    })
    const now = JSON.stringify([...texts])
    if (now === last) break
    last = now
  }
  known.set(home, texts)
  return texts
}

// Names --------------------------------------------------------------------------------------------------------------------------------

function readParameter(given: SyntaxNode, texts: Map<string, number>): void {
  const node = given.type === 'AssignmentPattern' ? (given.left as SyntaxNode) : given
  if (node.type !== 'Identifier') return
  const name = node.name as string
  const type = (node.typeAnnotation as { typeAnnotation?: SyntaxNode } | undefined)?.typeAnnotation?.type
  const byName = PARAMETERS.find(([pattern]) => pattern.test(name))?.[1]
  set(node, byName ?? (type === 'TSStringKeyword' ? TEXT : NONE), texts)
}

function set(target: SyntaxNode, kind: number, texts: Map<string, number>): void {
  if (target.type === 'Identifier') texts.set(target.name as string, Math.max(kind, texts.get(target.name as string) ?? NONE))
  else if (target.type === 'ArrayPattern')
    for (const one of target.elements as readonly unknown[]) if (isNode(one)) set(one, elementOf(kind), texts)
}

/** What an element is of what is of this kind, or a part that is cut out. */
const elementOf = (kind: number): number => (kind === MANY ? TEXT : kind > MANY ? PIECE : NONE)

function read(node: SyntaxNode, texts: Map<string, number>): void {
  if (node.type === 'VariableDeclarator') {
    if (isNode(node.init)) set(node.id as SyntaxNode, kindOf(node.init, texts), texts)
  } else if (node.type === 'AssignmentExpression') set(node.left as SyntaxNode, kindOf(node.right as SyntaxNode, texts), texts)
  else if (node.type === 'ForOfStatement') readLoop(node.left as SyntaxNode, node.right as SyntaxNode, texts)
  else if (isCall(node)) readCall(node, texts)
}

const isCall = ({ type }: SyntaxNode): boolean => type === 'CallExpression' || type === 'OptionalCallExpression'

function readLoop(left: SyntaxNode, over: SyntaxNode, texts: Map<string, number>): void {
  const target = left.type === 'VariableDeclaration' ? ((left.declarations as readonly SyntaxNode[])[0]!.id as SyntaxNode) : left
  const [method, owner] = methodOf(over)
  // Of [k, letter] of letters.entries() the first is a number.
  if (method === 'entries' && owner !== null && target.type === 'ArrayPattern') {
    const item = (target.elements as readonly unknown[])[1]
    if (isNode(item)) set(item, elementOf(kindOf(owner, texts)), texts)
    return
  }
  set(target, elementOf(kindOf(over, texts)), texts)
}

/** word.toLowerCase(): it is a text. words.forEach((word) => …): what the callback is given is of what it goes over. */
function readCall(call: SyntaxNode, texts: Map<string, number>): void {
  const [method, owner] = methodOf(call)
  if (owner === null) return
  if (TEXT_METHODS.test(method) && owner.type === 'Identifier') set(owner, TEXT, texts)
  for (const callback of (call.arguments as readonly SyntaxNode[]).filter((one) => isEachCallback(one, call))) {
    const given = method === 'from' ? ((call.arguments as readonly SyntaxNode[])[0] ?? owner) : owner
    const parameter = (callback.params as readonly SyntaxNode[])[method === 'reduce' ? 1 : 0]
    if (parameter !== undefined) set(parameter, elementOf(kindOf(given, texts)), texts)
  }
}

// Expressions --------------------------------------------------------------------------------------------------------------------------

/** Name of a called method, and what it is called on. */
function methodOf(call: SyntaxNode): readonly [string, SyntaxNode | null] {
  const callee = call.callee
  if (!isNode(callee) || !/^(Optional)?MemberExpression$/.test(callee.type) || callee.computed === true) return ['', null]
  return [nameOf(callee.property as SyntaxNode) ?? '', callee.object as SyntaxNode]
}

function kindOf(node: SyntaxNode, texts: Texts): number {
  const of = (one: unknown): number => (isNode(one) ? kindOf(one, texts) : NONE)
  const largest = (those: readonly unknown[]): number => those.reduce<number>((kind, one) => Math.max(kind, of(one)), NONE)
  switch (node.type) {
    case 'Identifier':
      return texts.get(node.name as string) ?? NONE
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return node.computed === true ? elementOf(of(node.object)) : NONE
    case 'CallExpression':
    case 'OptionalCallExpression':
      return kindOfCall(node, texts)
    case 'ConditionalExpression':
      return largest([node.consequent, node.alternate])
    case 'LogicalExpression':
      return largest([node.left, node.right])
    case 'BinaryExpression':
      return node.operator === '+' ? largest([node.left, node.right]) : NONE
    case 'TemplateLiteral':
      return largest(node.expressions as readonly unknown[])
    case 'ArrayExpression':
      return listOf(largest(node.elements as readonly unknown[]))
    case 'AssignmentExpression':
      return of(node.right)
    case 'SpreadElement': {
      const kind = of(node.argument)
      return kind === TEXT ? PIECE : kind
    }
    case 'AwaitExpression':
      return of(node.argument)
    case 'TSNonNullExpression':
    case 'TSAsExpression':
    case 'ParenthesizedExpression':
      return of(node.expression)
    default:
      return NONE
  }
}

function kindOfCall(call: SyntaxNode, texts: Texts): number {
  const [method, owner] = methodOf(call)
  const [first] = call.arguments as readonly SyntaxNode[]
  const given = first === undefined ? NONE : kindOf(first, texts)
  if (owner === null) return nameOf(call.callee as SyntaxNode) === 'String' ? given : NONE
  const own = kindOf(owner, texts)
  if (method === 'split') return kindOfSplit(first, own)
  // A pattern, and no cache of responses.
  if (method === 'match') return own > NONE || first?.type === 'RegExpLiteral' ? PIECE : NONE
  if (method === 'exec' || (method === 'from' && nameOf(owner) === 'Array')) return given === TEXT ? PIECE : given
  if (CUTS.test(method)) return PIECE
  if (method === 'slice') return own === TEXT ? PIECE : own
  if (method === 'at' || method === 'find') return elementOf(own)
  if (method === 'map' || method === 'flatMap') return kindOfMap(first, own, texts)
  if (!SAME_METHODS.test(method)) return NONE
  return TEXT_METHODS.test(method) ? Math.max(own, TEXT) : own
}

/** What comes of each: of a function by its name alone, what went in. */
function kindOfMap(callback: SyntaxNode | undefined, own: number, texts: Texts): number {
  if (own === NONE || callback === undefined) return NONE
  if (!isFunction(callback)) return NUMBERS.test(nameOf(callback) ?? '') ? NONE : own
  const body = callback.body as SyntaxNode
  const last = body.type === 'BlockStatement' ? (body.body as readonly SyntaxNode[]).at(-1) : undefined
  const result = body.type !== 'BlockStatement' ? body : last?.type === 'ReturnStatement' ? last.argument : undefined
  return isNode(result) ? listOf(kindOf(result, texts)) : NONE
}

/** What a list is of items of this kind. */
const listOf = (kind: number): number => (kind === TEXT ? MANY : kind)

/** Words, where there is white space or nothing between them; between commas are fields. A tensor is split by a number. */
function kindOfSplit(by: SyntaxNode | undefined, own: number): number {
  if (by?.type === 'RegExpLiteral') return PIECE
  if (by?.type !== 'StringLiteral') return own > NONE ? PIECE : NONE
  return (by.value as string).trim() === '' && by.value !== '\n' ? PIECE : MANY
}

// Look-ups -----------------------------------------------------------------------------------------------------------------------------

/** The table of table.get(piece), table[piece], piece in table; null: it is none of them. */
function lookedUpIn(node: SyntaxNode, texts: Texts): SyntaxNode | null {
  const isOf = (table: unknown, key: unknown): table is SyntaxNode =>
    isNode(table) &&
    isNode(key) &&
    kindOf(key, texts) === PIECE &&
    kindOf(table, texts) === NONE &&
    !/^(StringLiteral|ArrayExpression)$/.test(table.type)
  const [table, key] = tableAndKey(node)
  return isOf(table, key) ? table : null
}

function tableAndKey(node: SyntaxNode): readonly [unknown, unknown] {
  if (node.type === 'BinaryExpression') return node.operator === 'in' ? [node.right, node.left] : [null, null]
  if (/^(Optional)?MemberExpression$/.test(node.type)) return node.computed === true ? [node.object, node.property] : [null, null]
  if (!isCall(node)) return [null, null]
  const [method, owner] = methodOf(node)
  const given = node.arguments as readonly SyntaxNode[]
  return LOOK_UPS.test(method) ? [owner, given[method === 'hasOwn' ? 1 : 0]] : [null, null]
}
