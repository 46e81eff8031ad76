package bound

import "math"

// addSaturating adds whole numbers. What int64 cannot represent becomes the nearest number that it can: a counter that has
// counted all it can stays there, and does not become negative.
func addSaturating(a, b int64) int64 {
	sum := a + b
	if (a^sum)&(b^sum) >= 0 { // No overflow: the sum has the sign of one of them.
		return sum
	}
	if a < 0 {
		return math.MinInt64
	}
	return math.MaxInt64
}

// addFinite adds numbers. The sum of finite ones is finite: beyond the largest it is the largest. An infinity or NaN that
// was measured as such has its effect, as in the SDK.
func addFinite(a, b float64) float64 {
	sum := a + b
	if sum-sum == 0 {
		return sum
	}
	return addNotFinite(a, b)
}

// addNotFinite adds numbers whose sum is not finite.
func addNotFinite(a, b float64) float64 {
	if a-a == 0 && b-b == 0 {
		return math.Copysign(math.MaxFloat64, a)
	}
	return a + b
}

// addNumbers adds numbers of either type.
func addNumbers[N int64 | float64](a, b N) N {
	if sum := a + b; isInteger[N]() {
		if (int64(a)^int64(sum))&(int64(b)^int64(sum)) >= 0 {
			return sum
		}
	} else if sum-sum == 0 {
		return sum
	}
	return addExtremes(a, b)
}

// addExtremes adds numbers whose sum needs care.
func addExtremes[N int64 | float64](a, b N) N {
	if isInteger[N]() {
		return N(addSaturating(int64(a), int64(b)))
	}
	return N(addNotFinite(float64(a), float64(b)))
}

// largest returns the largest number of the type.
func largest[N int64 | float64]() N {
	if isInteger[N]() {
		return fromBits[N](math.MaxInt64)
	}
	return fromBits[N](math.Float64bits(math.MaxFloat64))
}
