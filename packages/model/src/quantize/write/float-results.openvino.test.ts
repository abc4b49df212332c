// Static int8 whose operators give floats, on OpenVINO.
import fs from 'node:fs'
import path from 'node:path'
import { floatTensor, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { readTrace } from '@whyslow/measure/engines/onnxruntime/facts/trace.ts'
import { openvino } from '@whyslow/measure/engines/openvino/openvino.ts'
import { availabilityHere, needsEngine } from '@whyslow/measure/support/engines/check-engine.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { withFloatResults } from '../../../test/support/quantize/write/example-float-results.ts'
import { initializers, make, normals, plain } from '../../../test/support/quantize/write/example-static.ts'

const folder = folderOfTests()

const availability = await availabilityHere(openvino)

describe.skipIf(!availability.ok)('OpenVINO', needsEngine(availability), () => {
  test('computes the convolutions in int8', async () => {
    const wide = make(
      [
        node('Conv', ['x', 'first', 'bias'], ['a'], { pads: [1, 1, 1, 1] }),
        node('Relu', ['a'], ['r']),
        node('Conv', ['r', 'second', 'bias'], ['y']),
      ],
      {
        outputs: [valueInfo('y', 'float32')],
        initializers: [
          ...initializers,
          floatTensor('first', [32, 4, 3, 3], normals(1152, 0.2)),
          floatTensor('second', [32, 32, 1, 1], normals(1024, 0.2)),
          floatTensor('bias', [32], normals(32)),
        ],
      },
    )
    const kernels = async (model: Model, name: string) => {
      const file = path.join(folder, `${name}.onnx`)
      fs.writeFileSync(file, writeModel(model.proto))
      const session = await openvino.open(file, { ...plainOptions, profilePrefix: path.join(folder, `${name}-`) })
      await session.run(plain)
      const { nodes } = readTrace((await session.endProfiling!())!)
      await session.close()
      return nodes.flatMap(({ provider }) => (/conv/.test(provider) ? [provider] : []))
    }
    expect(await kernels(wide, 'float')).toEqual([expect.stringMatching(/f32$/), expect.stringMatching(/f32$/)])
    const { model } = await withFloatResults(wide)
    expect(await kernels(model, 'int8')).toEqual([expect.stringMatching(/_I8$/), expect.stringMatching(/_I8$/)])
  })
})
