// Places of a file that may be written as one pass over typed arrays: loops over elements, and calls of map, forEach, reduce and from. Of each
// what it needs, the function that does what it does, and the one that does it in another way; whether they are equal is another question.
import {
  childrenOf,
  functionName,
  isEachCallback,
  isFunction,
  isLoop,
  isNode,
  nameOf,
  parseSource,
  type SyntaxNode,
} from '../../javascript/syntax.ts'
import {
  type Atom,
  Fragment,
  namesIn,
  numberFunctions,
  type Render,
  ReplacementRefusal,
  renderer,
  type SourceEdit,
} from './fragment.ts'
import { type MadeList, Piece, parametersOf } from './piece.ts'

export interface Candidate {
  readonly line: number
  readonly endLine: number
  readonly function: string | null
  /** Where what it takes can be looked at: in front of a statement, or around an expression. */
  readonly look: { readonly start: number; readonly end: number; readonly wraps: boolean }
  readonly atoms: readonly Atom[]
  /** Bodies of functions of the atoms, by their names; each gives a list of all that it made or changed. */
  readonly before: string
  readonly after: string
  /** Lines to paste. */
  readonly code: readonly string[]
}

export interface RefusedPlace {
  readonly line: number
  readonly function: string | null
  readonly reason: string
}

export interface Candidates {
  readonly found: readonly Candidate[]
  readonly refused: readonly RefusedPlace[]
}

const TYPED = /^(Float32|Float64|Int8|Uint8|Uint8Clamped|Int16|Uint16|Int32|Uint32)Array$/

/** `isHot`: whether lines from the first to the last matter. Of nested places the outermost that can be written so. */
export function findCandidates(text: string, file: string, isHot: (line: number, endLine: number) => boolean): Candidates {
  const program = parseSource(text, file)
  return program === null ? { found: [], refused: [] } : new Finder(text, program, isHot).find()
}

class Finder {
  private readonly found: Candidate[] = []
  private readonly refused: RefusedPlace[] = []
  private readonly known: ReadonlySet<string>

  private readonly text: string
  private readonly program: SyntaxNode
  private readonly isHot: (line: number, endLine: number) => boolean

  constructor(text: string, program: SyntaxNode, isHot: (line: number, endLine: number) => boolean) {
    this.text = text
    this.program = program
    this.isHot = isHot
    this.known = numberFunctions(program, text)
  }

  find(): Candidates {
    this.visit(this.program, [])
    return { found: this.found, refused: this.refused }
  }

  private visit(node: SyntaxNode, way: readonly SyntaxNode[]): void {
    const { start, end } = node.loc
    if (isPlace(node, way.at(-1)) && this.isHot(start.line, end.line)) {
      try {
        this.found.push(this.propose(node, way))
        return
      } catch (error) {
        if (!(error instanceof ReplacementRefusal)) throw error
        this.refused.push({ line: start.line, function: functionName(way), reason: error.message })
      }
    }
    const below = [...way, node]
    for (const child of childrenOf(node)) this.visit(child, below)
  }

  /** Throws Refused. */
  private propose(node: SyntaxNode, way: readonly SyntaxNode[]): Candidate {
    const used = new Set(namesIn(way.findLast((one) => isFunction(one) && !isEachCallback(one, undefined)) ?? this.program))
    const fresh = (wanted: string): string => {
      let name = wanted
      for (let k = 2; used.has(name); k++) name = `${wanted}${k}`
      used.add(name)
      return name
    }
    const fragment = new Fragment(this.text, this.known)
    const isStatement = isLoop(node) || node.type === 'ExpressionStatement'
    const made = isStatement ? this.ofStatement(node, way, fragment, fresh) : this.ofCall(node, way, fragment, fresh)
    const { line } = node.loc.start
    if (!fragment.atoms.some(({ role }) => role === 'array')) throw new ReplacementRefusal('it reads no array')
    return { line, endLine: node.loc.end.line, function: functionName(way), atoms: fragment.atoms, ...made }
  }

  // Statements -------------------------------------------------------------------------------------------------------------------------

  private ofStatement(
    node: SyntaxNode,
    way: readonly SyntaxNode[],
    fragment: Fragment,
    fresh: (wanted: string) => string,
  ): Pick<Candidate, 'look' | 'before' | 'after' | 'code'> {
    const block = way.at(-1)!
    if (!/^(BlockStatement|Program)$/.test(block.type)) throw new ReplacementRefusal('it is not in a block')
    const lists = listsBefore(node, block)
    const piece = new Piece(fragment, lists, fresh)
    const turns = isLoop(node) ? piece.loop(node) : piece.forEach(node)
    const made = piece.finish(turns, node.end)
    const changed = fragment.atoms.filter(({ role, written }) => written || role === 'state')
    if (made.length + changed.length === 0) throw new ReplacementRefusal('nothing comes of it')
    const give = `\nreturn [${[...made, ...changed.map(({ name }) => name)].join(', ')}]`
    const uses = usesOf(fragment)
    const ranges = [...lists.map(({ statement }) => statement), node]
    const written = (edits: readonly SourceEdit[]) => ranges.map(withEnds(renderer(this.text, edits))).join('\n')
    return {
      look: { start: node.start, end: node.end, wraps: false },
      before: written(uses) + give,
      after: written([...piece.edits, ...uses]) + give,
      code: linesOf(written(piece.edits)),
    }
  }

  // Calls ------------------------------------------------------------------------------------------------------------------------------

  private ofCall(
    call: SyntaxNode,
    way: readonly SyntaxNode[],
    fragment: Fragment,
    fresh: (wanted: string) => string,
  ): Pick<Candidate, 'look' | 'before' | 'after' | 'code'> {
    const holder = way.at(-1)!
    const converted = holder.type === 'NewExpression' ? (nameOf(holder.callee as SyntaxNode) ?? '') : ''
    const isConverted = TYPED.test(converted) && (holder.arguments as readonly SyntaxNode[]).length === 1
    const whole = isConverted ? holder : call
    const place = placeOf(whole, isConverted ? way.slice(0, -1) : way)
    const name = place.name ?? fresh('out')
    const written = callOf(call, fragment, { name, fresh, kind: isConverted ? converted : null, text: this.text })
    const uses = usesOf(fragment)
    const [plain, generated] = [renderer(this.text, []), renderer(this.text, uses)]
    const last =
      place.kind === 'return' ? `\nreturn ${name}` : place.kind === 'inside' ? `\n// ${name} is ${fragment.slice(whole)}` : ''
    return {
      look: { start: whole.start, end: whole.end, wraps: true },
      before: `return [${generated(whole)}]`,
      after: `${written(generated)}\nreturn [${name}]`,
      code: linesOf(written(plain) + last),
    }
  }
}

const withEnds = (render: Render) => (range: SyntaxNode) => render({ start: range.start, end: range.end })

const usesOf = ({ uses }: Fragment): SourceEdit[] => uses.map(({ start, end, atom }) => ({ start, end, text: atom.name }))

/** Lines of the code without the indentation that was left in front of them. */
function linesOf(code: string): string[] {
  const lines = code.split('\n').map((line) => line.trimEnd())
  const rest = lines.slice(1).filter((line) => line !== '' && !/^(\S| {2}\S)/.test(line))
  const room = Math.min(...rest.map((line) => /^\s*/.exec(line)![0].length), 80)
  return lines
    .filter((line) => line !== '')
    .map((line) => (room < 80 && room > 2 && line.startsWith(' '.repeat(room - 2)) ? line.slice(room - 2) : line))
}

// Places -------------------------------------------------------------------------------------------------------------------------------

const METHODS = /^(map|reduce)$/

function isPlace(node: SyntaxNode, above: SyntaxNode | undefined): boolean {
  if (isLoop(node)) return true
  if (node.type === 'ExpressionStatement') return methodOf(node.expression as SyntaxNode) === 'forEach'
  if (node.type !== 'CallExpression' || above?.type === 'ExpressionStatement') return false
  const method = methodOf(node)
  if (method === '') return false
  const type = nameOf((node.callee as SyntaxNode).object as SyntaxNode) ?? ''
  if (method === 'from') return (type === 'Array' || TYPED.test(type)) && (node.arguments as readonly SyntaxNode[]).length === 2
  return METHODS.test(method)
}

function methodOf(call: SyntaxNode): string {
  const callee = call.type === 'CallExpression' ? (call.callee as SyntaxNode) : null
  return callee?.type === 'MemberExpression' && callee.computed !== true ? (nameOf(callee.property as SyntaxNode) ?? '') : ''
}

/** What becomes of the value: a name of its own, what the function gives, or a part of something. */
function placeOf(
  node: SyntaxNode,
  way: readonly SyntaxNode[],
): { readonly kind: 'named' | 'return' | 'inside'; readonly name: string | null } {
  const above = way.at(-1)!
  if (above.type === 'VariableDeclarator' && (above.id as SyntaxNode).type === 'Identifier')
    return { kind: 'named', name: nameOf(above.id as SyntaxNode) }
  const isBody = isFunction(above) && above.body === node && !isEachCallback(above, way.at(-2))
  return { kind: above.type === 'ReturnStatement' || isBody ? 'return' : 'inside', name: null }
}

/** `const c = []`, `new Array(n)`, `new Array(n).fill(0)` in the block before a loop, that the loop uses and nothing in between does. */
function listsBefore(loop: SyntaxNode, block: SyntaxNode): MadeList[] {
  const statements = block.body as readonly SyntaxNode[]
  const at = statements.indexOf(loop)
  return statements.slice(0, at).flatMap((statement, k) => {
    const made = madeList(statement)
    if (made === null || !mentions(loop, made.name)) return []
    if (statements.slice(k + 1, at).some((between) => mentions(between, made.name))) return []
    return [made]
  })
}

function madeList(statement: SyntaxNode): MadeList | null {
  if (statement.type !== 'VariableDeclaration') return null
  const [only, other] = statement.declarations as readonly SyntaxNode[]
  const name = other === undefined && only !== undefined ? nameOf(only.id as SyntaxNode) : null
  const made = isNode(only?.init) ? only.init : null
  if (name === null || made === null) return null
  if (made.type === 'ArrayExpression')
    return (made.elements as readonly unknown[]).length === 0 ? { name, statement, size: null, filling: null } : null
  const isFilled = methodOf(made) === 'fill'
  const array = isFilled ? ((made.callee as SyntaxNode).object as SyntaxNode) : made
  if (!/^(New|Call)Expression$/.test(array.type) || nameOf(array.callee as SyntaxNode) !== 'Array') return null
  const [size, ...more] = array.arguments as readonly SyntaxNode[]
  if (more.length > 0) return null
  const [filling = null] = isFilled ? (made.arguments as readonly SyntaxNode[]) : []
  return { name, statement, size: size ?? null, filling }
}

function mentions(node: SyntaxNode, name: string): boolean {
  return (node.type === 'Identifier' && node.name === name) || childrenOf(node).some((child) => mentions(child, name))
}

// map, from, reduce --------------------------------------------------------------------------------------------------------------------

interface CallGiven {
  readonly name: string
  readonly fresh: (wanted: string) => string
  /** Kind of the typed array that is made of the list; null: none is. */
  readonly kind: string | null
  readonly text: string
}

/** One turn's value, of the one before it in a chain of maps. */
interface Step {
  readonly parameter: string | null
  /** Statements in front of the value. */
  readonly statements: readonly SyntaxNode[]
  readonly value: (render: Render, element: string, index: string) => string
}

/** What to write in place of the call. Throws Refused. */
function callOf(call: SyntaxNode, fragment: Fragment, given: CallGiven): (render: Render) => string {
  const method = methodOf(call)
  const [first, second] = call.arguments as readonly SyntaxNode[]
  const object = (call.callee as SyntaxNode).object as SyntaxNode
  if (method === 'reduce') return reduceOf(object, call.arguments as readonly SyntaxNode[], fragment, given)
  if (method !== 'from') return passOf(chainOf(call), fragment, given)
  const type = nameOf(object)!
  const kind = given.kind ?? (type === 'Array' ? 'Float64Array' : type)
  return passOf({ source: first!, callbacks: [second!] }, fragment, { ...given, kind })
}

interface Chain {
  readonly source: SyntaxNode
  readonly callbacks: readonly SyntaxNode[]
}

/** list.map(f).map(g). Throws Refused. */
function chainOf(call: SyntaxNode): Chain {
  const [callback, more] = call.arguments as readonly SyntaxNode[]
  if (callback === undefined || more !== undefined) throw new ReplacementRefusal('its function is not there')
  const object = (call.callee as SyntaxNode).object as SyntaxNode
  if (methodOf(object) !== 'map') return { source: object, callbacks: [callback] }
  const inner = chainOf(object)
  return { source: inner.source, callbacks: [...inner.callbacks, callback] }
}

function passOf(
  { source, callbacks }: Chain,
  fragment: Fragment,
  { name, fresh, kind, text }: CallGiven,
): (render: Render) => string {
  const length = source.type === 'ObjectExpression' ? lengthOf(source) : null
  if (length === null) fragment.atom(source, 'array')
  else fragment.bounded(length)
  const index =
    callbacks.map((one) => (isFunction(one) ? (parametersOf(one, 2)[1] ?? null) : null)).find((one) => one !== null) ?? fresh('i')
  const steps = callbacks.map((one) => stepOf(one, fragment, index, text))
  const parameters = steps.map(({ parameter }) => parameter)
  if (new Set(parameters).size < parameters.length)
    throw new ReplacementRefusal('two functions of the chain use the same name for their element')
  if (length !== null && steps[0]!.parameter !== null)
    throw new ReplacementRefusal('its function takes an element that is not there')
  return (render) => {
    const count = length === null ? `${render(source)}.length` : render(length)
    const lines: string[] = []
    let element = length === null ? `${render(source)}[${index}]` : index
    for (const [at, step] of steps.entries()) {
      if (step.parameter !== null) {
        lines.push(`const ${step.parameter} = ${element}`)
        element = step.parameter
      }
      lines.push(...step.statements.map((one) => render(one)))
      element = step.value(render, element, index)
      if (at === steps.length - 1) lines.push(`${name}[${index}] = ${element}`)
    }
    const body = lines.length === 1 ? ` ${lines[0]}` : ` {\n${lines.map((line) => `  ${line}`).join('\n')}\n}`
    return `const ${name} = new ${kind ?? 'Float64Array'}(${count})\nfor (let ${index} = 0; ${index} < ${count}; ${index}++)${body}`
  }
}

/** { length: n } */
function lengthOf({ properties }: SyntaxNode): SyntaxNode | null {
  const [only, other] = properties as readonly SyntaxNode[]
  const isLength = only?.type === 'ObjectProperty' && nameOf(only.key as SyntaxNode) === 'length' && other === undefined
  if (!isLength) throw new ReplacementRefusal('it is made of an object')
  return only.value as SyntaxNode
}

/** Throws Refused. */
function stepOf(callback: SyntaxNode, fragment: Fragment, index: string, text: string): Step {
  if (!isFunction(callback)) {
    fragment.expression({
      type: 'CallExpression',
      callee: callback,
      arguments: [],
      start: callback.start,
      end: callback.end,
      loc: callback.loc,
    })
    return { parameter: null, statements: [], value: (render, element) => `${render(callback)}(${element})` }
  }
  const [parameter = null, own] = parametersOf(callback, 2)
  if (own !== undefined && own !== index)
    throw new ReplacementRefusal('two functions of the chain use the same name for their index')
  const { statements, value } = bodyOf(callback)
  let isUsed = false
  fragment.within([index, ...(parameter === null ? [] : [parameter])], () => {
    for (const one of statements) {
      for (const { id, init } of one.declarations as readonly SyntaxNode[]) {
        if ((id as SyntaxNode).type !== 'Identifier' || !isNode(init)) throw new ReplacementRefusal('it takes values apart')
        fragment.expression(init)
        fragment.declare(nameOf(id as SyntaxNode)!)
      }
    }
    fragment.expression(value)
    isUsed = parameter !== null && [...statements, value].some((one) => mentions(one, parameter))
  })
  const isSimple =
    /^(Identifier|NumericLiteral|MemberExpression|BinaryExpression|CallExpression)$/.test(value.type) || text === ''
  return {
    parameter: isUsed ? parameter : null,
    statements,
    value: (render) => (isSimple ? render(value) : `(${render(value)})`),
  }
}

/** Declarations, and what is given at the end. Throws Refused. */
function bodyOf(callback: SyntaxNode): { readonly statements: readonly SyntaxNode[]; readonly value: SyntaxNode } {
  const body = callback.body as SyntaxNode
  if (body.type !== 'BlockStatement') return { statements: [], value: body }
  const statements = body.body as readonly SyntaxNode[]
  const last = statements.at(-1)
  if (last?.type !== 'ReturnStatement' || !isNode(last.argument))
    throw new ReplacementRefusal('its function does not end with what it gives')
  const before = statements.slice(0, -1)
  if (before.some(({ type }) => type !== 'VariableDeclaration'))
    throw new ReplacementRefusal('its function is more than an expression')
  return { statements: before, value: last.argument }
}

function reduceOf(
  source: SyntaxNode,
  [callback, initial]: readonly SyntaxNode[],
  fragment: Fragment,
  { name, fresh }: CallGiven,
): (render: Render) => string {
  if (callback === undefined || !isFunction(callback) || initial === undefined)
    throw new ReplacementRefusal('it does not say what it begins with')
  const [sum, element, own] = parametersOf(callback, 3)
  if (sum === undefined || element === undefined) throw new ReplacementRefusal('its function does not take an element')
  const { statements, value } = bodyOf(callback)
  if (statements.length > 0) throw new ReplacementRefusal('its function is more than an expression')
  fragment.atom(source, 'array')
  fragment.expression(initial)
  const index = own ?? fresh('i')
  fragment.within([sum, element, index], () => fragment.expression(value))
  return (render) => {
    const list = render(source)
    const head = `let ${name} = ${render(initial)}\nfor (let ${index} = 0; ${index} < ${list}.length; ${index}++) {`
    return `${head}\n  const ${element} = ${list}[${index}]\n  const ${sum} = ${name}\n  ${name} = ${render(value)}\n}`
  }
}
