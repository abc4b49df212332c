import { checkRule } from '../check-rule.ts'
import { traced } from '../example-trace.ts'
import { shapeChanges } from './shape-changes.ts'

checkRule(shapeChanges, {
  found: [
    {
      name: 'a new length at each step',
      given: traced({ facts: { shapes: { newShapes: 60, operators: 200, excess: 0.2 } } }),
      expect: { wouldSaveMs: 2, detail: /60 calls of 200 matrix products/ },
    },
  ],
  clear: [{ name: 'one shape', given: traced() }],
  notChecked: [{ name: 'no shapes', given: traced({ facts: { shapes: null } }) }],
})
