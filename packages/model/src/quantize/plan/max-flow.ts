// Minimum cuts by maximum flow: Dinic's algorithm (https://doi.org/10.1007/11685654_10), levels by breadth, blocking flows by depth.
// Capacities are times; arcs that must not be cut have infinite ones.

export interface FlowNetwork {
  /** An arc: cutting it (`from` on the source's side, `to` on the other) costs `capacity`. */
  arc(from: number, to: number, capacity: number): void
  /** For each vertex whether it is on the source's side of a cut of least capacity, and that capacity. */
  cut(source: number, sink: number): { readonly sourceSide: readonly boolean[]; readonly capacity: number }
}

/** Flow below this is rounding. */
const EPSILON = 1e-12

export function flowNetwork(vertices: number): FlowNetwork {
  // Arcs in pairs: 2k forward, 2k + 1 back; `residual` is what may still flow.
  const to: number[] = []
  const residual: number[] = []
  const out: number[][] = Array.from({ length: vertices }, () => [])

  function arc(from: number, target: number, capacity: number): void {
    out[from]!.push(to.length)
    to.push(target)
    residual.push(capacity)
    out[target]!.push(to.length)
    to.push(from)
    residual.push(0)
  }

  function levelsFrom(source: number): Int32Array {
    const level = new Int32Array(vertices).fill(-1)
    level[source] = 0
    const queue = [source]
    for (let k = 0; k < queue.length; k++) {
      for (const id of out[queue[k]!]!) {
        const next = to[id]!
        if (residual[id]! <= EPSILON || level[next]! >= 0) continue
        level[next] = level[queue[k]!]! + 1
        queue.push(next)
      }
    }
    return level
  }

  /** One path along the levels; what flowed. Without recursion, since graphs are deep. */
  function push(source: number, sink: number, level: Int32Array, next: Int32Array): number {
    const path: number[] = []
    let at = source
    while (at !== sink) {
      const arcs = out[at]!
      let id: number | undefined
      for (; next[at]! < arcs.length; next[at]!++) {
        const one = arcs[next[at]!]!
        if (residual[one]! > EPSILON && level[to[one]!]! === level[at]! + 1) {
          id = one
          break
        }
      }
      if (id !== undefined) {
        path.push(id)
        at = to[id]!
      } else if (path.length === 0) return 0
      else {
        at = to[path.pop()! ^ 1]!
        next[at]!++
      }
    }
    const flow = Math.min(...path.map((id) => residual[id]!))
    for (const id of path) {
      residual[id]! -= flow
      residual[id ^ 1]! += flow
    }
    return flow
  }

  function cut(source: number, sink: number) {
    let capacity = 0
    for (let level = levelsFrom(source); level[sink]! >= 0; level = levelsFrom(source)) {
      const next = new Int32Array(vertices)
      for (let flow = push(source, sink, level, next); flow > 0; flow = push(source, sink, level, next)) {
        if (flow === Number.POSITIVE_INFINITY) throw new Error('nothing but infinite arcs lead from source to sink')
        capacity += flow
      }
    }
    return { sourceSide: Array.from(levelsFrom(source), (level) => level >= 0), capacity }
  }

  return { arc, cut }
}
