#include "textflag.h"

// A frame has the frame pointer of its caller and, above it, the return address. R29 is the frame of Runs.
//
// func near(address uintptr) bool
TEXT ·near(SB), NOSPLIT|NOFRAME, $0-9
	MOVD address+0(FP), R1
	MOVD $3, R2
	MOVD (R29), R0
next:
	CBZ  R0, no
	MOVD 8(R0), R3
	CMP  R1, R3
	BEQ  yes
	MOVD (R0), R0
	SUB  $1, R2
	CBNZ R2, next
no:
	MOVB ZR, ret+8(FP)
	RET
yes:
	MOVD $1, R0
	MOVB R0, ret+8(FP)
	RET
