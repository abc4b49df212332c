// Maps of which the place of the largest value is read: heat maps of keypoints (a map for each), and the two axes apart as SimCC gives them.
// They are recognized by their names, or by their values: nearly all of a map's energy is around its peak. What reads them takes the peak, so
// they are compared by how far it moves and by its height. The margin is 1/64 of the longer side: at a keypoint as exact as an eye
// (COCO's σ 0.025), it is an object keypoint similarity of 0.95. https://cocodataset.org/#keypoints-eval
import type { GraphView } from '@whyslow/graph/types.ts'
import { elementCount } from '../samples/dtype-arrays.ts'
import { featureAxis } from './feature-axis.ts'
import { isRealFloat, type Numbers } from './numbers.ts'
import type { OutputPair } from './output-pair.ts'
import { valueIndex } from './rows-each.ts'
import type { PeaksAgreement } from './types.ts'

/** Peaks that are no further apart are the same, of the map's longer side. */
const SAME_PEAK = 1 / 64
/** Lower ones, of the highest, are of what is not in the image. */
const LEAST_HEIGHT = 0.25
/** Heights that differ by no more, of the higher one, are alike: which of two such peaks of a map is the higher one says nothing. */
const SAME_HEIGHT = 0.1
const SAYS_HEATMAPS = /heat_?map|key_?point|kpt|joint|(^|[_./])(pose|hm)($|[_./\d])/i
/** What else there is of a keypoint, unless a heat map is spoken of behind it. */
const SAYS_OTHER =
  /(offset|displace|descriptor|embed|visib|depth|feature|vector|coord|regress|(^|[_./])(tags?|pafs?|reg)($|[_./\d]))(?!.*heat_?map)/i
const SAYS_AXES = /simcc/i
const SHORTEST_SIDE = 8
const MOST_MAPS = 512
/** What maps without a telling name need: how many there are, their share that is peaked, the reach of a peak on the longer side, and its share of the map's energy. */
const UNNAMED = { maps: 4, peaked: 0.75, reach: 0.1, energy: 0.8 }

/** How one sample's maps are arranged: `count` of them, each `height` × `width`. */
interface Maps {
  readonly count: number
  readonly height: number
  readonly width: number
  /** Where a place of a map is among the output's values. */
  readonly at: (map: number, place: number) => number
}

/** null if nobody reads its peaks, as far as is known. */
export function comparePeaks(one: OutputPair, graph: GraphView | undefined): PeaksAgreement | null {
  const { name, original, originalNumbers, candidateNumbers, selected, tie } = one
  const [{ shape, dtype }] = original as [(typeof original)[0]]
  const isNumeric = originalNumbers !== null && candidateNumbers !== null && isRealFloat(dtype) && selected === undefined
  if (!isNumeric || SAYS_OTHER.test(name) || original.some((other) => other.shape.join() !== shape.join())) return null
  const maps = mapsOf(name, shape, graph)
  if (maps === null || !(SAYS_AXES.test(name) || SAYS_HEATMAPS.test(name) || arePeaked(originalNumbers, maps))) return null
  const { count, height, width, at } = maps
  const peaks = originalNumbers.flatMap((a, sample) => {
    const b = candidateNumbers[sample]!
    return Array.from({ length: count }, (_, map) => {
      const [from, to] = [peakOf(a, map, maps), peakOf(b, map, maps)]
      const [x, y] = [(from % width) - (to % width), Math.floor(from / width) - Math.floor(to / width)]
      const [top, other] = [a[at(map, from)]!, b[at(map, to)]!]
      const isTie = a[at(map, to)]! >= top - tie
      // Two objects in one map: both have both, and another one is a little higher.
      const haveBoth = () =>
        summitAt(a, map, to, maps) >= (1 - SAME_HEIGHT) * top && summitAt(b, map, from, maps) >= (1 - SAME_HEIGHT) * other
      return { height: top, other, distance: isTie || haveBoth() ? 0 : Math.hypot(x, y) / Math.max(height, width) }
    })
  })
  const highest = peaks.reduce((most, peak) => Math.max(most, peak.height), 0)
  if (!(highest > 0)) return null
  const isSeen = (one: number) => one >= LEAST_HEIGHT * highest
  const seen = peaks.filter((peak) => isSeen(peak.height) || isSeen(peak.other))
  const isAlone = (peak: (typeof seen)[number]) =>
    isSeen(peak.height) !== isSeen(peak.other) &&
    Math.abs(peak.other - peak.height) > SAME_HEIGHT * Math.max(peak.height, peak.other)
  const sum = (of: (peak: (typeof seen)[number]) => number) => seen.reduce((total, peak) => total + of(peak), 0)
  const noise = sum((peak) => (peak.other - peak.height) ** 2)
  return {
    output: name,
    seen: seen.length,
    moved: seen.filter((peak) => peak.distance > SAME_PEAK || isAlone(peak)).length,
    farthest: seen.reduce((most, { distance }) => Math.max(most, distance), 0),
    alike: noise === 0 ? 1 : 1 / Math.sqrt(1 + noise / sum((peak) => peak.height ** 2)),
  }
}

function mapsOf(name: string, shape: readonly number[], graph: GraphView | undefined): Maps | null {
  const rank = shape.length
  if (SAYS_AXES.test(name) && rank === 3) {
    const [count, width] = [shape[0]! * shape[1]!, shape[2]!]
    return { count, height: 1, width, at: (map, place) => map * width + place }
  }
  if (rank !== 4) return null
  const axis = featureAxis(graph, name, shape)
  if (axis !== 1 && axis !== 3) return null
  const [maps, height, width] = [shape[axis]!, shape[axis === 1 ? 2 : 1]!, shape[axis === 1 ? 3 : 2]!]
  if (maps > MOST_MAPS || Math.min(height, width) < SHORTEST_SIDE) return null
  const inner = axis === 1 ? height * width : 1
  const at = (map: number, place: number) => valueIndex(Math.floor(map / maps) * height * width + place, map % maps, maps, inner)
  return { count: elementCount(shape) / (height * width), height, width, at }
}

/** The place of the largest value, the first of equal ones. */
function peakOf(numbers: Numbers, map: number, { height, width, at }: Maps): number {
  let best = 0
  for (let place = 1; place < height * width; place++) if (numbers[at(map, place)]! > numbers[at(map, best)]!) best = place
  return best
}

/** The height of the local maximum at a place, or no further from it than the same peak may be; -Infinity if there is none. */
function summitAt(numbers: Numbers, map: number, place: number, { height, width, at }: Maps): number {
  const [x, y] = [place % width, Math.floor(place / width)]
  const isNear = (other: number) =>
    Math.hypot((other % width) - x, Math.floor(other / width) - y) <= SAME_PEAK * Math.max(height, width)
  let summit = place
  for (let from = -1; from !== summit; ) {
    from = summit
    const [column, row] = [from % width, Math.floor(from / width)]
    for (let down = Math.max(0, row - 1); down <= Math.min(height - 1, row + 1); down++) {
      for (let right = Math.max(0, column - 1); right <= Math.min(width - 1, column + 1); right++) {
        const other = down * width + right
        if (numbers[at(map, other)]! > numbers[at(map, summit)]!) summit = other
      }
    }
    if (!isNear(summit)) return Number.NEGATIVE_INFINITY
  }
  return numbers[at(map, summit)]!
}

/** Near zero but around the peak, in most maps of most samples. */
function arePeaked(samples: readonly Numbers[], maps: Maps): boolean {
  const { count, height, width, at } = maps
  if (count < UNNAMED.maps) return false
  const reach = Math.max(2, UNNAMED.reach * Math.max(height, width))
  let peaked = 0
  for (const numbers of samples) {
    for (let map = 0; map < count; map++) {
      const peak = peakOf(numbers, map, maps)
      const [x, y] = [peak % width, Math.floor(peak / width)]
      let [near, all] = [0, 0]
      for (let row = 0; row < height; row++) {
        const isNear = Math.abs(row - y) <= reach
        for (let column = 0; column < width; column++) {
          const energy = numbers[at(map, row * width + column)]! ** 2
          all += energy
          if (isNear && Math.abs(column - x) <= reach) near += energy
        }
      }
      if (numbers[at(map, peak)]! > 0 && near >= UNNAMED.energy * all) peaked++
    }
  }
  return peaked >= UNNAMED.peaked * count * samples.length
}
