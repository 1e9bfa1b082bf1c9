/**
 * What the decoder reads of each step ahead: the calendar, inputs that are known for the future, and values of the past
 * that are near: a season before, and the last ones.
 *
 * @module
 */
import { CALENDAR, CALENDAR_WIDTH, writeCalendar } from './calendar-features'
import type { ForecastFacts, InputFacts } from './facts'
import { type FeatureGroup, groupsOf } from './feature-groups'
import type { PreparedSeries, PreparedTarget } from './prepared-series'
import { squash } from './squash'
import { timeAfter } from '../tables/calendar'
import { anchorAt } from './tracks'

/** The features of each column in a step that the decoder reads. */
export function futureGroups({
  calendar,
  seasons,
  targets,
  inputs,
}: ForecastFacts): FeatureGroup[] {
  return groupsOf([
    { column: CALENDAR, width: 1 + CALENDAR_WIDTH * calendar.length },
    ...inputs
      .filter(({ future }) => future)
      .map((input) => ({ column: input.name, width: widthOf(input) })),
    ...targets.map(({ name }) => ({ column: name, width: 2 + seasons.length })),
  ])
}

/** Values of a step that the decoder reads. */
export function futureWidth(facts: ForecastFacts): number {
  return futureGroups(facts).reduce((sum, { width }) => sum + width, 0)
}

function widthOf(input: InputFacts): number {
  if (input.kind === 'category') return input.categories.length
  return input.missing ? 2 : 1
}

/**
 * The time of a step after an origin: that of the table's row if it has one, since future inputs may reach so far,
 * otherwise by the frequency.
 */
export function timeAhead(
  { times, rows }: PreparedSeries['series'],
  origin: number,
  step: number,
  axis: ForecastFacts['time'],
): number {
  const row = origin + step
  return row < rows
    ? times[row]!
    : timeAfter(times[Math.min(rows - 1, origin)]!, axis, row - Math.min(rows - 1, origin))
}

/** The decoder's input for an origin: [horizon, width]. */
export function futureInput(
  prepared: PreparedSeries,
  origin: number,
  facts: ForecastFacts,
  width: number,
): Float32Array {
  const { horizon, time, inputs, calendar: fields } = facts
  const features = new Float32Array(horizon * width)
  const known = inputs.filter(({ future }) => future)
  for (let i = 0; i < horizon; i++) {
    let offset = i * width
    features[offset++] = (i + 1) / horizon
    // The times of irregular rows to come are not known.
    const at = time.frequency.kind === 'irregular' ? origin : undefined
    const moment =
      at === undefined
        ? timeAhead(prepared.series, origin, i + 1, time)
        : timeAfter(prepared.series.times[origin]!, time, i + 1)
    writeCalendar(fields, moment, time, features, offset)
    offset += CALENDAR_WIDTH * fields.length
    for (const input of known)
      offset = writeKnown(input, prepared, origin + i + 1, features, offset)
    for (const target of prepared.targets) {
      offset = writeNear(target, facts, origin, i + 1, features, offset)
    }
  }
  return features
}

function writeKnown(
  input: InputFacts,
  { series }: PreparedSeries,
  row: number,
  features: Float32Array,
  offset: number,
): number {
  if (input.kind === 'category') {
    const value = series.categories.get(input.name)![row]
    const place = value === undefined ? -1 : input.categories.indexOf(value)
    if (place >= 0) features[offset + place] = 1
    return offset + input.categories.length
  }
  const value = series.numbers.get(input.name)![row] ?? NaN
  const isMissing = Number.isNaN(value)
  features[offset] = isMissing ? 0 : squash((value - input.mean) / input.deviation)
  if (input.missing) features[offset + 1] = isMissing ? 1 : 0
  return offset + widthOf(input)
}

/** The last value, the mean of the last season or window, and the values of each season before, all as distances. */
function writeNear(
  { track, scale, facts: { difference } }: PreparedTarget,
  { seasons, window }: ForecastFacts,
  origin: number,
  step: number,
  features: Float32Array,
  offset: number,
): number {
  const season = seasons[0]?.steps
  const anchor = anchorAt(track, origin, step, difference, season)
  const center = scale.centers[step - 1] ?? scale.centers.at(-1)!
  const distanceOf = (value: number): number => {
    const distance = squash((value - anchor - center) / scale.deviation)
    return Number.isNaN(distance) ? 0 : distance
  }
  const begin = Math.max(track.first, origin + 1 - (season ?? window))
  const mean = (track.sums[origin + 1]! - track.sums[begin]!) / (origin + 1 - begin)
  features[offset++] = distanceOf(track.carried[origin]!)
  features[offset++] = distanceOf(mean)
  for (const { steps } of seasons) {
    features[offset++] = distanceOf(anchorAt(track, origin, step, 'seasonal', steps))
  }
  return offset
}
