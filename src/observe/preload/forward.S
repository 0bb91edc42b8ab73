// SPDX-License-Identifier: Apache-2.0
/* Functions that must be entered without a frame of ours. vfork and clone: the child may run on its
 * parent's stack, so nothing of ours may be on it. dlopen: the loader uses the return address to find out
 * whose RUNPATH applies. Each calls its hook (forward.c) with the caller's arguments and jumps to the
 * function that the hook returns, with registers and stack restored. */
#if defined(__x86_64__)
#define FORWARD(NAME, HOOK) \
	.globl NAME; \
	.type NAME, @function; \
NAME: \
	.cfi_startproc; \
	push %rdi; .cfi_adjust_cfa_offset 8; \
	push %rsi; .cfi_adjust_cfa_offset 8; \
	push %rdx; .cfi_adjust_cfa_offset 8; \
	push %rcx; .cfi_adjust_cfa_offset 8; \
	push %r8; .cfi_adjust_cfa_offset 8; \
	push %r9; .cfi_adjust_cfa_offset 8; \
	sub $8, %rsp; .cfi_adjust_cfa_offset 8; \
	call HOOK; \
	mov %rax, %r11; \
	add $8, %rsp; .cfi_adjust_cfa_offset -8; \
	pop %r9; .cfi_adjust_cfa_offset -8; \
	pop %r8; .cfi_adjust_cfa_offset -8; \
	pop %rcx; .cfi_adjust_cfa_offset -8; \
	pop %rdx; .cfi_adjust_cfa_offset -8; \
	pop %rsi; .cfi_adjust_cfa_offset -8; \
	pop %rdi; .cfi_adjust_cfa_offset -8; \
	xor %eax, %eax; \
	jmp *%r11; \
	.cfi_endproc; \
	.size NAME, . - NAME
#elif defined(__aarch64__)
#define FORWARD(NAME, HOOK) \
	.globl NAME; \
	.type NAME, %function; \
NAME: \
	.cfi_startproc; \
	stp x0, x1, [sp, #-80]!; \
	stp x2, x3, [sp, #16]; \
	stp x4, x5, [sp, #32]; \
	stp x6, x7, [sp, #48]; \
	str x30, [sp, #64]; \
	bl HOOK; \
	mov x16, x0; \
	ldr x30, [sp, #64]; \
	ldp x6, x7, [sp, #48]; \
	ldp x4, x5, [sp, #32]; \
	ldp x2, x3, [sp, #16]; \
	ldp x0, x1, [sp], #80; \
	br x16; \
	.cfi_endproc; \
	.size NAME, . - NAME
#endif

	.hidden deja_before_vfork, deja_before_clone, deja_before_dlopen, deja_before_dlmopen
	.text
	.balign 16
FORWARD(vfork, deja_before_vfork)
	.balign 16
FORWARD(__vfork, deja_before_vfork)
	.balign 16
FORWARD(clone, deja_before_clone)
	.balign 16
FORWARD(__clone, deja_before_clone)
	.balign 16
FORWARD(dlopen, deja_before_dlopen)
	.balign 16
FORWARD(dlmopen, deja_before_dlmopen)
	.section .note.GNU-stack,"",%progbits
