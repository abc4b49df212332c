import { checkRule, traced } from '../../test/support/check-rule.ts'
import { dataLoadingBound } from './data-loading-bound.ts'

checkRule(dataLoadingBound, {
  found: [
    {
      name: 'a loader that the device waits for',
      given: traced({ host: { dataLoading: 0.4, exposedDataLoading: 0.3 } }),
      expect: { wouldSaveMs: 3, detail: /40 % of the time in the data loader, 30 % while/ },
    },
    {
      name: 'on a CPU',
      given: traced({ device: null, host: { dataLoading: 0.4, exposedDataLoading: 0.4 } }),
      expect: { wouldSaveMs: 4, detail: /40 % of the time in the data loader\.$/ },
    },
    {
      name: 'a loader that is late for 5.1 % of the time',
      given: traced({ host: { dataLoading: 0.4, exposedDataLoading: 0.051 } }),
    },
  ],
  clear: [
    { name: 'a loader that is ahead', given: traced({ host: { dataLoading: 0.3, exposedDataLoading: 0.02 } }) },
    { name: 'no loader', given: traced({ host: { dataLoading: 0, exposedDataLoading: 0 } }) },
    {
      name: 'a loader that is late for 4.9 % of the time',
      given: traced({ host: { dataLoading: 0.4, exposedDataLoading: 0.049 } }),
    },
  ],
  notChecked: [{ name: 'no host', given: traced({ host: null }) }],
})
