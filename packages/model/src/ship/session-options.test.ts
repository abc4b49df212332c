import path from 'node:path'
import { sessionOptions } from '@whyslow/measure/engines/onnxruntime/ort-options.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { expect, test } from 'vitest'
import { FIXTURES, planFor } from '../../test/support/ship/example-plan.ts'
import { optionsText, pythonLines } from './session-options.ts'

const PLAN = await planFor(path.join(FIXTURES, 'symbolic-batch.onnx'), 'fast')

const many: EngineOptions = {
  threads: 2,
  graphOptimization: 'extended',
  executionMode: 'parallel',
  configEntries: {
    'session.set_denormal_as_zero': '1',
    'session.intra_op.allow_spinning': '0',
    'session.enable_cpu_mem_arena': '0',
    'session.inter_op_num_threads': '2',
    'optimization.disable_specified_optimizers': "It's",
  },
  reuseOutputs: true,
  packageFrom: '/somewhere',
}

/** A plan with these options. */
const plan = (options: EngineOptions) => ({ ...PLAN, setup: { ...PLAN.setup, options } })

test('options.json holds what the engine was measured with', () => {
  expect(JSON.parse(optionsText(plan(many)))).toEqual({ session: sessionOptions(many), reuseOutputs: true, directCall: false })
  expect(JSON.parse(optionsText(plan({ ...plainOptions, directCall: true })))).toMatchObject({
    reuseOutputs: false,
    directCall: true,
  })
})

test('Python takes them in six lines, and one for each entry more', () => {
  const lines = pythonLines(plan(plainOptions), 'model.onnx')
  expect(lines).toEqual([
    'import onnxruntime as ort',
    'options = ort.SessionOptions()',
    'options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL',
    'options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL',
    'options.intra_op_num_threads = 1',
    "session = ort.InferenceSession('model.onnx', options, providers=['CPUExecutionProvider'])",
  ])
  expect(pythonLines(plan(many), 'model.onnx').slice(2, -1)).toEqual([
    'options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED',
    'options.execution_mode = ort.ExecutionMode.ORT_PARALLEL',
    'options.intra_op_num_threads = 2',
    "options.add_session_config_entry('session.set_denormal_as_zero', '1')",
    "options.add_session_config_entry('session.intra_op.allow_spinning', '0')",
    'options.enable_cpu_mem_arena = False',
    'options.inter_op_num_threads = 2',
    "options.add_session_config_entry('optimization.disable_specified_optimizers', 'It\\'s')",
  ])
})
