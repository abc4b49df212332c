// What a piece of source needs of its surroundings: names and chains of names (`pixels`, `this.mean`, `image.data`) that it takes numbers from,
// and arrays whose elements it reads and writes. Only what computes numbers of numbers is read: everything else is refused, with its reason.
import { childrenOf, isFunction as isFunctionNode, isNode, nameOf, type SyntaxNode } from '../../javascript/syntax.ts'

/** Why there is no replacement, as its reader would say it. */
export class ReplacementRefusal extends Error {}

export type AtomRole = 'array' | 'scalar' | 'state' | 'function'

/** What a piece takes from its surroundings. */
export interface Atom {
  /** As the source has it: 'this.mean'. */
  readonly text: string
  /** What represents it in generated functions. */
  readonly name: string
  role: AtomRole
  /** Its elements are written. */
  written: boolean
  /** It says how often a loop runs, or how long a list is. */
  bounds: boolean
}

/** A place of the source at which an atom stands. */
export interface Use {
  readonly start: number
  readonly end: number
  readonly atom: Atom
}

const OPERATORS = /^([+\-*/%&|^]|\*\*|<<|>>>?|[<>]=?|[=!]==?)$/
const ASSIGNMENTS = /^([+\-*/%&|^]|\*\*|<<|>>>?)?=$/
const NUMBER_CALLS = /^(Number|isNaN|isFinite|Number\.(isNaN|isFinite|isInteger)|Math\.(?!random)\w+)$/
const CONSTANTS = /^(NaN|Infinity|undefined|Math\.[A-Z0-9_]+|Number\.[A-Z_]+)$/

export class Fragment {
  readonly atoms: Atom[] = []
  readonly uses: Use[] = []
  private readonly locals: Set<string>[] = [new Set()]

  /** Lists that the piece makes, by name; and elements of them that are read or written. */
  readonly made = new Set<string>()
  readonly stores: SyntaxNode[] = []

  private readonly text: string
  /** Names of functions of the file that only reckon numbers. */
  private readonly known: ReadonlySet<string>

  constructor(text: string, known: ReadonlySet<string>) {
    this.text = text
    this.known = known
  }

  /** Runs with names that are the piece's own. */
  within(names: readonly string[], what: () => void): void {
    this.locals.push(new Set(names))
    what()
    this.locals.pop()
  }

  declare(name: string): void {
    this.locals.at(-1)!.add(name)
  }

  isLocal(name: string): boolean {
    return this.locals.some((names) => names.has(name))
  }

  /** The atom of a chain, noted as used here. Throws ReplacementRefusal if it has no name that holds outside. */
  atom(node: SyntaxNode, role: AtomRole): Atom {
    const text = nameOf(node)
    if (text === null) throw new ReplacementRefusal(`${this.slice(node)} has no name`)
    const root = text.split('.')[0]!
    if (this.isLocal(root)) throw new ReplacementRefusal(`${text} is made in the loop`)
    if (/(^|\.)(super|arguments)(\.|$)/.test(text)) throw new ReplacementRefusal(`it needs ${text}`)
    let found = this.atoms.find((one) => one.text === text)
    if (found === undefined) {
      found = { text, name: `$${this.atoms.length}`, role, written: false, bounds: false }
      this.atoms.push(found)
    } else if (found.role !== role) {
      if (![found.role, role].every((one) => one === 'scalar' || one === 'state'))
        throw new ReplacementRefusal(`${text} is both ${found.role} and ${role}`)
      found.role = 'state'
    }
    this.uses.push({ start: node.start, end: node.end, atom: found })
    return found
  }

  slice({ start, end }: SyntaxNode): string {
    const text = this.text.slice(start, end).replace(/\s+/g, ' ')
    return text.length > 40 ? `${text.slice(0, 39)}…` : text
  }

  // Expressions ------------------------------------------------------------------------------------------------------------------------

  /** Throws ReplacementRefusal if it is more than numbers of numbers. */
  expression(node: SyntaxNode): void {
    switch (node.type) {
      case 'NumericLiteral':
      case 'BooleanLiteral':
        return
      case 'Identifier':
        if (!CONSTANTS.test(node.name as string) && !this.isLocal(node.name as string)) this.atom(node, 'scalar')
        return
      case 'MemberExpression':
        this.member(node)
        return
      case 'ParenthesizedExpression':
        this.expression(node.expression as SyntaxNode)
        return
      case 'UnaryExpression':
        if (!/^[+\-~!]$/.test(node.operator as string)) throw new ReplacementRefusal(`it uses ${node.operator as string}`)
        this.expression(node.argument as SyntaxNode)
        return
      case 'BinaryExpression':
      case 'LogicalExpression':
        this.binary(node)
        return
      case 'ConditionalExpression':
        for (const part of [node.test, node.consequent, node.alternate]) this.expression(part as SyntaxNode)
        return
      case 'AssignmentExpression':
        this.assignment(node)
        return
      case 'SequenceExpression':
        for (const one of node.expressions as readonly SyntaxNode[]) this.expression(one)
        return
      case 'UpdateExpression':
        this.target(node.argument as SyntaxNode)
        return
      case 'CallExpression':
        this.call(node)
        return
      default:
        throw new ReplacementRefusal(`${this.slice(node)} is not arithmetic`)
    }
  }

  private binary(node: SyntaxNode): void {
    if (node.type === 'BinaryExpression' && !OPERATORS.test(node.operator as string))
      throw new ReplacementRefusal(`it uses ${node.operator as string}`)
    this.expression(node.left as SyntaxNode)
    this.expression(node.right as SyntaxNode)
  }

  private member(node: SyntaxNode): void {
    const object = node.object as SyntaxNode
    if (node.computed === true) {
      this.element(node)
      return
    }
    const name = nameOf(node)
    if (name !== null && CONSTANTS.test(name)) return
    if (nameOf(node.property as SyntaxNode) === 'length') this.atom(object, 'array')
    else this.atom(node, 'scalar')
  }

  private call(node: SyntaxNode): void {
    const name = nameOf(node.callee as SyntaxNode) ?? ''
    const given = node.arguments as readonly SyntaxNode[]
    if (this.known.has(name) && !this.isLocal(name)) this.atom(node.callee as SyntaxNode, 'function')
    else if (!NUMBER_CALLS.test(name)) throw new ReplacementRefusal(`it calls ${name || this.slice(node.callee as SyntaxNode)}`)
    for (const one of given) {
      if (one.type === 'SpreadElement') throw new ReplacementRefusal('it spreads a list over a call')
      this.expression(one)
    }
  }

  private assignment(node: SyntaxNode): void {
    if (!ASSIGNMENTS.test(node.operator as string)) throw new ReplacementRefusal(`it uses ${node.operator as string}`)
    this.target(node.left as SyntaxNode)
    this.expression(node.right as SyntaxNode)
  }

  /** Its array; null: a list that the piece itself made. */
  private element(node: SyntaxNode): Atom | null {
    const object = node.object as SyntaxNode
    this.expression(node.property as SyntaxNode)
    if (object.type === 'Identifier' && this.made.has(object.name as string)) {
      this.stores.push(node)
      return null
    }
    return this.atom(object, 'array')
  }

  /** An element of an array, a name of the loop's own, or a number that is carried on. */
  target(node: SyntaxNode): void {
    if (node.type === 'MemberExpression' && node.computed === true) {
      const array = this.element(node)
      if (array !== null) array.written = true
      return
    }
    if (node.type !== 'Identifier') throw new ReplacementRefusal(`it writes ${this.slice(node)}`)
    if (!this.isLocal(node.name as string)) this.atom(node, 'state')
  }

  /** Names that an expression takes say how often something runs. */
  bounded(node: SyntaxNode): void {
    const before = this.uses.length
    this.expression(node)
    for (const { atom } of this.uses.slice(before)) if (atom.role === 'scalar') atom.bounds = true
  }
}

/** Writes a range of the source as it is to be. */
export type Render = (range: { readonly start: number; readonly end: number }) => string

/** What is put in place of a part of the source. */
export interface SourceEdit {
  readonly start: number
  readonly end: number
  readonly text: string | ((render: Render) => string)
}

/** Writes ranges of the source with what is put in place of parts of it; what is in what is replaced is left to that. */
export function renderer(text: string, edits: readonly SourceEdit[]): Render {
  // What is put in front of a place, before what stands in place of it; that before what is in it.
  const isPut = ({ start, end }: SourceEdit) => Number(start === end)
  const ordered = [...edits].sort((a, b) => a.start - b.start || isPut(b) - isPut(a) || b.end - a.end)
  const render: Render = (range) => {
    const parts: string[] = []
    let from = range.start
    for (const { start, end, text: put } of ordered) {
      if (start < from || end > range.end) continue
      parts.push(text.slice(from, start), typeof put === 'string' ? put : put(render))
      from = end
    }
    return [...parts, text.slice(from, range.end)].join('')
  }
  return render
}

/** Every name that stands anywhere in a file: what is made new must not be one of them. */
export function namesIn(program: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'Identifier') names.add(node.name as string)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(program)
  return names
}

/** Functions of the file by their name, that give one number of numbers and touch nothing else. */
export function numberFunctions(program: SyntaxNode, text: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (const statement of program.body as readonly SyntaxNode[]) {
    const inner = isNode(statement.declaration) ? statement.declaration : statement
    const named = inner.type === 'FunctionDeclaration' ? [[inner.id, inner]] : declaredFunctions(inner)
    for (const [id, node] of named) if (isNode(id) && isNode(node) && givesNumber(node, text)) found.add(nameOf(id)!)
  }
  return found
}

const declaredFunctions = (node: SyntaxNode): readonly unknown[][] =>
  node.type !== 'VariableDeclaration' || node.kind !== 'const'
    ? []
    : (node.declarations as readonly SyntaxNode[]).flatMap(({ id, init }) =>
        isNode(init) && isFunctionNode(init) ? [[id, init]] : [],
      )

function givesNumber(node: SyntaxNode, text: string): boolean {
  const parameters = node.params as readonly SyntaxNode[]
  if (node.async === true || node.generator === true || parameters.some(({ type }) => type !== 'Identifier')) return false
  const body = node.body as SyntaxNode
  const [only] = body.type === 'BlockStatement' ? (body.body as readonly SyntaxNode[]) : [body]
  const given = body.type === 'BlockStatement' ? (only?.type === 'ReturnStatement' ? only.argument : null) : body
  if (!isNode(given) || (body.type === 'BlockStatement' && (body.body as readonly SyntaxNode[]).length !== 1)) return false
  const fragment = new Fragment(text, new Set())
  try {
    fragment.within(
      parameters.map((one) => nameOf(one)!),
      () => fragment.expression(given),
    )
  } catch {
    return false
  }
  return fragment.atoms.every(({ role }) => role === 'scalar')
}
