// planted: garbage-collection
// An object for each pixel, kept until the end of the request.
export const samples = () => [1, 2]
export function preprocess(k) {
  // here
  const points = new Map()
  for (let i = 0; i < 60_000; i++) points.set(i, { x: i, y: i * k, tags: [i, `t${i}`] })
  return points
}
export const predict = (points) => points.size
