// Places of a file that may be written as one pass over typed arrays: loops over elements, and calls of map, forEach, reduce and from. Of each
// what it needs, the function that does what it does, and the one that does it in another way; whether they are equal is another question.
import {
  childrenOf,
  functionName,
  isEachCallback,
  isFunction,
  isLoop,
  isNode,
  mentions,
  methodOf,
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
import { callOf } from './list-calls.ts'
import { type MadeList, Piece } from './piece.ts'

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

  /** Throws ReplacementRefusal. */
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
