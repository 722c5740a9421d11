/** A straight line through what was measured, and how far off it may be where nothing was measured. */

/** Of Student's distribution, two-sided, 95 %, by degrees of freedom. */
const STUDENT = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23];
const STUDENT_OF_MANY = 2.0;

/**
 * By least squares: `slope`, `start`, and `at(x)`, which gives the value there and the `error` within which it lies with a certainty of
 * 95 % if it really is a straight line. Two points give a line and no error.
 */
export function fitLine(points) {
  const count = points.length;
  const middle = points.reduce((sum, [x]) => sum + x, 0) / count;
  const height = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const spread = points.reduce((sum, [x]) => sum + (x - middle) ** 2, 0);
  if (spread === 0) throw new Error('a line needs two different places');
  const slope = points.reduce((sum, [x, y]) => sum + (x - middle) * (y - height), 0) / spread;
  const start = height - slope * middle;
  const rest = points.reduce((sum, [x, y]) => sum + (y - start - slope * x) ** 2, 0);
  const freedom = count - 2;
  const deviation = Math.sqrt(rest / freedom);
  const student = STUDENT[freedom - 1] ?? STUDENT_OF_MANY;
  const errorAt = (x) => student * deviation * Math.sqrt(1 + 1 / count + (x - middle) ** 2 / spread);
  return {
    slope,
    slopeError: freedom > 0 ? (student * deviation) / Math.sqrt(spread) : undefined,
    start,
    at: (x) => ({ value: start + slope * x, error: freedom > 0 ? errorAt(x) : undefined }),
  };
}

/** The line of a sum of two, which err independently. */
export function addLines(one, other) {
  const both = (error, second) => (error === undefined || second === undefined ? undefined : Math.hypot(error, second));
  return {
    slope: one.slope + other.slope,
    slopeError: both(one.slopeError, other.slopeError),
    start: one.start + other.start,
    at(x) {
      const [first, second] = [one.at(x), other.at(x)];
      return { value: first.value + second.value, error: both(first.error, second.error) };
    },
  };
}
