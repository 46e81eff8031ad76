#include "textflag.h"

// A frame has the frame pointer of its caller and, above it, the return address. BP is the frame of Runs.
//
// func near(address uintptr) bool
TEXT ·near(SB), NOSPLIT|NOFRAME, $0-9
	MOVQ address+0(FP), CX
	MOVQ $3, DX
	MOVQ (BP), AX
next:
	TESTQ AX, AX
	JZ   no
	CMPQ 8(AX), CX
	JEQ  yes
	MOVQ (AX), AX
	DECQ DX
	JNZ  next
no:
	MOVB $0, ret+8(FP)
	RET
yes:
	MOVB $1, ret+8(FP)
	RET
