// Which operators run in int8 and which in float, so that the whole takes least: each has a time in either, and a value that is made in
// the one and read in the other costs a conversion, once however many read it. With two labels the best assignment is a minimum cut
// (Greig, Porteous and Seheult, https://doi.org/10.1111/j.2517-6161.1989.tb01764.x), found exactly.
import { flowNetwork } from './max-flow.ts'

export interface RegionNode {
  readonly name: string
  /** ms as float and in int8; undefined: it cannot be. */
  readonly floatMs: number
  readonly int8Ms: number | undefined
  /** Float values read and made, without constants. */
  readonly reads: readonly string[]
  readonly makes: readonly string[]
  /** Another node that must have the same label: a Relu folded into the Conv before it. */
  readonly sameAs?: string | undefined
}

/** A value on which both labels meet; what is made outside (graph inputs) and read outside (graph outputs) is float. */
export interface Border {
  readonly quantizeMs: number
  readonly dequantizeMs: number
}

export interface Regions {
  /** Names of the nodes that run in int8. */
  readonly int8: ReadonlySet<string>
  /** Times of all nodes and conversions together. */
  readonly totalMs: number
}

/** `outputs`: values that leave the graph. */
export function chooseRegions(
  nodes: readonly RegionNode[],
  outputs: readonly string[],
  border: (value: string) => Border,
): Regions {
  const index = new Map(nodes.map(({ name }, k) => [name, k]))
  const maker = new Map(nodes.flatMap(({ makes }, k) => makes.map((value) => [value, k] as const)))
  const readers = new Map<string, number[]>()
  nodes.forEach(({ reads }, k) => {
    for (const value of new Set(reads)) readers.set(value, [...(readers.get(value) ?? []), k])
  })
  const outside = new Set(outputs)
  const values = [...new Set([...maker.keys(), ...readers.keys()])]
  // Source side: int8. Then a vertex for each node, and two for each value.
  const [source, sink] = [0, 1]
  const vertexOf = (k: number): number => k + 2
  const network = flowNetwork(2 + nodes.length + 2 * values.length)
  nodes.forEach(({ floatMs, int8Ms, sameAs }, k) => {
    network.arc(source, vertexOf(k), floatMs)
    network.arc(vertexOf(k), sink, int8Ms ?? Number.POSITIVE_INFINITY)
    const other = sameAs === undefined ? undefined : index.get(sameAs)
    if (other === undefined) return
    network.arc(vertexOf(k), vertexOf(other), Number.POSITIVE_INFINITY)
    network.arc(vertexOf(other), vertexOf(k), Number.POSITIVE_INFINITY)
  })
  values.forEach((value, k) => {
    const made = maker.get(value)
    const from = made === undefined ? sink : vertexOf(made)
    const { quantizeMs, dequantizeMs } = border(value)
    const [asInt8, asFloat] = [2 + nodes.length + 2 * k, 3 + nodes.length + 2 * k]
    // Wanted in int8 by anyone, made in float: quantized once.
    network.arc(asInt8, from, quantizeMs)
    // Wanted in float by anyone, made in int8: dequantized once.
    network.arc(from, asFloat, dequantizeMs)
    for (const reader of readers.get(value) ?? []) {
      network.arc(vertexOf(reader), asInt8, Number.POSITIVE_INFINITY)
      network.arc(asFloat, vertexOf(reader), Number.POSITIVE_INFINITY)
    }
    if (outside.has(value)) network.arc(asFloat, sink, Number.POSITIVE_INFINITY)
  })
  const { sourceSide, capacity } = network.cut(source, sink)
  return { int8: new Set(nodes.filter((_, k) => sourceSide[vertexOf(k)]).map(({ name }) => name)), totalMs: capacity }
}

/** What an assignment takes, by adding up: what `chooseRegions` makes least. Infinity if it is not possible. */
export function costOf(
  nodes: readonly RegionNode[],
  outputs: readonly string[],
  border: (value: string) => Border,
  int8: ReadonlySet<string>,
): number {
  let sum = 0
  const madeInInt8 = new Set(nodes.filter(({ name }) => int8.has(name)).flatMap(({ makes }) => makes))
  const [wantedInInt8, wantedInFloat] = [new Set<string>(), new Set(outputs)]
  for (const { name, floatMs, int8Ms, reads, sameAs } of nodes) {
    sum += int8.has(name) ? (int8Ms ?? Number.POSITIVE_INFINITY) : floatMs
    if (sameAs !== undefined && nodes.some((one) => one.name === sameAs) && int8.has(name) !== int8.has(sameAs))
      return Number.POSITIVE_INFINITY
    for (const value of reads) (int8.has(name) ? wantedInInt8 : wantedInFloat).add(value)
  }
  for (const value of wantedInInt8) if (!madeInInt8.has(value)) sum += border(value).quantizeMs
  for (const value of wantedInFloat) if (madeInInt8.has(value)) sum += border(value).dequantizeMs
  return sum
}
