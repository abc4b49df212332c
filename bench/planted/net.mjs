// What the planted models are built with: chains of operators, weights of noise, files.
import fs from 'node:fs'
import path from 'node:path'
import { floatTensor, model, node, valueInfo, writeModel } from '../../dist/graph/build.js'
import { mulberry32 } from '../../dist/graph/random.js'

export const FLOAT = 'float32'

export const random = mulberry32(1)
/** Numbers in ±size/2, the same at every run. */
export const noise = (count, size = 0.1) => Float32Array.from({ length: count }, () => (random() - 0.5) * size)

export const weights = (name, shape) => floatTensor(name, shape, noise(shape.reduce((a, b) => a * b, 1)))
export const scalar = (name, value) => floatTensor(name, [], [value])
export const filled = (name, count, value) => floatTensor(name, [count], new Float32Array(count).fill(value))

/** A chain under construction: `add` appends an operator on the last value and gives its output's name. */
export function chain(inputName) {
  const nodes = []
  const initializers = []
  let last = inputName
  return {
    nodes,
    initializers,
    get last() {
      return last
    },
    add(opType, others = [], attributes = {}, input = last, name = `${opType.toLowerCase()}_${nodes.length}`) {
      nodes.push(node({ opType, name }, [input, ...others], [`${name}_out`], attributes))
      last = `${name}_out`
      return last
    },
    constant(tensor) {
      initializers.push(tensor)
      return tensor.name
    },
  }
}

export const write = (folder, name, parts) => {
  const file = path.join(folder, `${name}.onnx`)
  fs.writeFileSync(file, writeModel(model(parts)))
  return file
}

export const finish = (folder, name, { nodes, initializers, last }, inShape, outShape) =>
  write(folder, name, {
    nodes,
    initializers,
    inputs: [valueInfo('x', FLOAT, inShape)],
    outputs: [valueInfo(last, FLOAT, outShape)],
  })
