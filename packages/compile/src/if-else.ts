// Trees as JavaScript: each a function of nested choices, whose form of comparison says where NaN goes, so that missing values cost
// nothing. Only numbers of the file come into the source, and they as JavaScript writes them. V8 leaves a function that is too large in
// its slowest form for ever, so that large trees are cut into several.
import { FLAG, type Forest, TEST, ZERO_THRESHOLD } from '@whyslow/graph/forest/types.ts'

/** Beyond it the code no longer fits a level-1 cache, and other forms win. */
export const MOST_NODES = 4000
/** 61,440 bytes of bytecode, of which a test takes some 20. */
const MOST_NODES_A_FUNCTION = 500

/** Whether the forest can be written so. */
export function fitsIfElse({ nodes, widths, linearLeaves }: Forest): boolean {
  const { feature, flags } = nodes
  if (feature.length > MOST_NODES || linearLeaves !== undefined || widths.some((width) => width !== 1)) return false
  return feature.every((f, at) => f < 0 || (flags[at]! & FLAG.test) !== TEST.member)
}

/** A module whose default export adds all trees of one row: `(rows, from, sums, to)`. */
export function ifElseSource(forest: Forest): string {
  const parts: string[] = []
  const { roots, targets, treeCount, outputCount, sum } = forest
  const trees = Array.from({ length: treeCount }, (_, tree) => {
    const name = `tree${tree}`
    parts.push(functionOf(name, expression(forest, roots[tree]!, parts, { budget: MOST_NODES_A_FUNCTION })))
    return name
  })
  const round = (added: string) => (sum.precision === 'float32' ? `Math.fround(${added})` : added)
  const sums = Array.from({ length: outputCount }, (_, k) => `s${k}`)
  const body = [
    `  let ${sums.map((name, k) => `${name} = sums[to + ${k}]`).join(', ')}`,
    ...trees.map((name, tree) => {
      const into = sums[targets[tree]!]!
      return `  ${into} = ${round(`${into} + ${name}(x, i)`)}`
    }),
    ...sums.map((name, k) => `  sums[to + ${k}] = ${name}`),
  ]
  return `${parts.join('\n')}\nexport default function trees(x, i, sums, to) {\n${body.join('\n')}\n}\n`
}

const functionOf = (name: string, code: string): string => `const ${name} = (x, i) => ${code}`

/** Nodes that the function being written may still take. */
interface Room {
  budget: number
}

function expression(forest: Forest, at: number, parts: string[], room: Room): string {
  const { nodes, leafValues } = forest
  if (nodes.feature[at]! < 0) return number(leafValues[nodes.yes[at]!]!)
  if (room.budget-- <= 0) {
    const name = `part${parts.length}`
    parts.push(functionOf(name, expression(forest, at, parts, { budget: MOST_NODES_A_FUNCTION })))
    return `${name}(x, i)`
  }
  const yes = expression(forest, nodes.yes[at]!, parts, room)
  const no = expression(forest, nodes.no[at]!, parts, room)
  return `(${condition(forest, at)} ? ${yes} : ${no})`
}

function condition({ nodes }: Forest, at: number): string {
  const x = `x[i + ${nodes.feature[at]!}]`
  const t = number(nodes.threshold[at]!)
  const flags = nodes.flags[at]!
  const missingIsYes = (flags & FLAG.missingIsYes) !== 0
  const [holds, fails] = {
    [TEST.less]: [`${x} < ${t}`, `${x} >= ${t}`],
    [TEST.lessOrEqual]: [`${x} <= ${t}`, `${x} > ${t}`],
    [TEST.equal]: [`${x} === ${t}`, `${x} < ${t} || ${x} > ${t}`],
  }[flags & FLAG.test] as [string, string]
  const plain = missingIsYes ? `!(${fails})` : holds
  if ((flags & FLAG.zeroIsMissing) === 0) return plain
  const isZero = `Math.abs(${x}) <= ${ZERO_THRESHOLD}`
  return missingIsYes ? `${isZero} || ${plain}` : `!(${isZero}) && ${plain}`
}

/** The number as text, in brackets if it begins with a sign. */
function number(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value)
  return text.startsWith('-') ? `(${text})` : text
}
