import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../../test/support/made-folders.ts'
import { runsModels } from './runs-models.ts'

afterAll(removeMade)

test.each([
  ['service.py', 'def predict(x): return net(x)', true],
  ['loads.py', "model = joblib.load('m.joblib')\ndef predict(x): return model.predict(x)", true],
  ['service.pyw', '', true],
  ['model.py', 'def model(): return Net()\ndef example_inputs(): return ()', false],
  ['imports.py', 'from net import model, example_inputs', false],
  ['service.mjs', '', false],
  ['service.py.onnx', '', false],
])('%s runs its models, and does not give them: %s', (name, text, is) => {
  const file = path.join(scratch(), name)
  fs.writeFileSync(file, text)
  expect(runsModels(file)).toBe(is)
})

test('a function of a file that is named is of a program; a file that is not there is none', () => {
  expect([runsModels('app/service.py:score'), runsModels('nowhere.py'), runsModels('model.pt2')]).toEqual([true, false, false])
})
