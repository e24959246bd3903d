; pgguest.asm - a bare-metal x86 guest for checking memory loaders. It is its own boot ROM: no firmware, no disk.
;
;   nasm -f bin -DMODE=n [-DHIGH] [-DPAM=n] [-DSMP=n] [-DEXTRA=addr] [-DPSE36] pgguest.asm -o pgguest.rom
;   qemu-system-x86_64 -nodefaults -display none -m 16 -bios pgguest.rom
;
; MODE=0   real mode, no paging
; MODE=32  32-bit paging without PAE, 4K and 4M (PSE) pages, the page directory maps itself
; MODE=36  32-bit PAE paging, 4K and 2M pages, page-directory-pointer table not page aligned
; MODE=64  4-level long mode, 4K and 2M pages, NX
; MODE=57  5-level long mode (-cpu max,la57=on), 4K, 2M and 1G pages, NX
; HIGH     (64, 57) also write above the PCI hole: 4 GiB, 64 KiB of 0xD8000000+n; 2 GiB, one page of 0xE9000000+n
; PAM=n    n is the PCI configuration offset of PAM0 (0x59 i440FX, 0x90 q35). 0xf0000-0xfffff: RAM read, ROM write-through;
;          0xc0000-0xc3fff: RAM read and write; 0xc4000-0xc7fff: RAM read only. Each shadow page starts with "SHADOW" and its address
; SMP=n    start the n-1 other CPUs: they halt in 32-bit protected mode without paging, EAX=0xA0000000+arrival, EBX=APIC ID, EBP=0xAAAAAAAA
; EXTRA=a  64 KiB of 0xF1000000+n at physical address a (below 4 GiB), and MODE 64/57 maps a too when it is below 32 MiB
; PSE36    (MODE 32) 0xC1000000 is a 4M page at physical 0x100800000
; AVX      (64) ymm2 and ymm14 hold ymmpat
; How it ends; the registers are the same:
; COMPAT   (64) in compatibility mode
; VM86     (32) in virtual-8086 mode, where it loops: DS 0x1234, ES 0x2345, FS 0x3456, GS 0x4567, SS 0x5678
; SMM      (32) in system management mode, whose code is at 0x38000; with SMM=2 the SMRAM at 0xa0000 is open, 4 KiB of 0xE2000000+n
; SVM      (64) in a nested guest of which the VMCB is at 0x600000; with SVM=2 with nested paging, tables at 0x602000: identity
;
; Physical memory written, 32-bit little-endian words, n counts words; all else stays zero (needs 16 MiB):
;   0x007c00            this program and its data (GDT)
;   0x100000..0x10ffff  paging structures (see the equ's below)
;   0x200000..0x2fffff  every eighth page i (0, 8, 16 ...): words 0xA5000000|(i<<12)|(n&~15)
;   0x300000..0x30ffff  16 fill pages: page i is all bytes 0x11*i
;   0x400000            text "PGGUEST MODE=..."
;   0x800000..0x803fff  0xB6000000+n
;   0xc00000..0xc03fff  0xC7000000+n
;
; Virtual: K = 0xC0000000 (MODE 32, 36) or 0xffffffff80000000 (64, 57), L = 4 MiB (32) or 2 MiB:
;   K+v*4096, v=0..255  0x200000 + ((v*37+11)&255)*4096; v%16==15 not present (entry 0xDEAD0000), v%4==1 read-only, v%8==2 user
;   K+L                 0x800000, one large page
;   K+2L                0xC00000, one large page, user, global (64, 57: NX)
;   K+3L                not present (entry 0xCAFE0000)
;   0..L by 4 KiB, then large pages to 8 MiB (32) or 32 MiB: identity
;   MODE 64: 0xffff800000000000+x, x < 16 MiB, 2M pages: x, NX at the top level; HIGH: +4 GiB and +2 GiB too
;   MODE 57: all of MODE 64 in the PML5's entries 0 and 511 (one shared PML4), and 0xff00000000000000: the direct map again,
;            with one 1 GiB page at +1 GiB -> 0
%ifndef MODE
%define MODE 64
%endif
%if MODE == 64 || MODE == 57
%define LONG 1
%else
%define LONG 0
%endif
STRUCT   equ 0x100000
SMALL    equ 0x4000                     ; size of the two linear patterns
AP_PAGE  equ 0xb000                     ; where the other CPUs start (SIPI vector AP_PAGE>>12)
        org 0x7c00                      ; the reset code below copies the program here
        bits 16
stage2: lgdt [gdtr]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        jmp dword 0x08:pm32
        bits 32
pm32:   mov ax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov fs, ax
        mov gs, ax
        mov esp, 0x7c00
        cld
; ---- patterns
        xor ebx, ebx                    ; page number << 12
.p1:    lea edi, [ebx+0x200000]
        xor ecx, ecx
.p1w:   mov eax, ecx
        and eax, ~15                    ; runs of 16 equal words: the images stay small when compressed
        or eax, ebx
        or eax, 0xA5000000
        stosd
        inc ecx
        cmp ecx, 1024
        jb .p1w
        add ebx, 8<<12
        cmp ebx, 256<<12
        jb .p1
        mov edi, 0x300000
        xor ebx, ebx
.p2:    mov al, bl
        mov ah, 0x11
        mul ah
        mov ah, al
        mov cx, ax
        shl eax, 16
        mov ax, cx
        mov ecx, 1024
        rep stosd
        inc ebx
        cmp ebx, 16
        jb .p2
        mov esi, text
        mov edi, 0x400000
        mov ecx, text_end-text
        rep movsb
        mov edi, 0x800000
        mov eax, 0xB6000000
        mov ecx, SMALL/4
        call fill
        mov edi, 0xc00000
        mov eax, 0xC7000000
        mov ecx, SMALL/4
        call fill
%ifdef EXTRA
        mov edi, EXTRA
        mov eax, 0xF1000000
        mov ecx, 0x10000/4
        call fill
%endif
%ifdef PAM
        call shadow
%endif
%ifdef SMM
        mov dword [0x38000], 0xfdebf4   ; the handler, at SMBASE+0x8000: hlt; jmp $-1
  %if SMM == 2
        mov eax, 0x80000070             ; SMRAM register of the i440FX: D_OPEN, G_SMRAME
        mov dx, 0xcf8
        out dx, eax
        mov dx, 0xcfe
        mov al, 0x4a
        out dx, al
        mov edi, 0xa0000
        mov eax, 0xE2000000
        mov ecx, 0x1000/4
        call fill
  %endif
%endif
%ifdef SMP
        mov dword [0xfee000f0], 0x1ff           ; APIC on
        mov dword [0xfee00300], 0xc4500         ; INIT, all but self
        mov ecx, 0x100000
        loop $
        mov dword [0xfee00300], 0xc4600|(AP_PAGE>>12)
.ap:    pause
        cmp dword [arrived], SMP-1
        jb .ap
%endif
        mov edi, STRUCT                 ; clear paging structures
        xor eax, eax
        mov ecx, 0x10000/4
        rep stosd

%if MODE == 32
PD      equ STRUCT
PT_ID   equ STRUCT+0x1000
PT_K    equ STRUCT+0x2000
        mov edi, PT_ID                  ; 0..4M identity, 4K pages
        mov eax, 0x003
        mov ecx, 1024
.i:     stosd
        add eax, 0x1000
        loop .i
        mov edi, PT_K
        call scramble32
        mov dword [PD+0*4], PT_ID|0x003
        mov dword [PD+1*4], 0x00400000|0x083            ; 4M identity
        mov dword [PD+0x300*4], PT_K|0x007              ; 0xC0000000 scrambled window
        mov dword [PD+0x301*4], 0x00800000|0x083        ; 0xC0400000 -> 8M
        mov dword [PD+0x302*4], 0x00C00000|0x187        ; 0xC0800000 -> 12M, user, global
        mov dword [PD+0x303*4], 0xCAFE0000              ; not present
%ifdef PSE36
        mov dword [PD+0x304*4], 0x00802083              ; bits 13-20 are address bits 32-39: 0x100800000
%endif
%ifdef SMM
        mov dword [PD+0x3fb*4], 0xfec00093              ; local APIC
%endif
%ifdef VM86
        or dword [PD], 4                                ; this program's pages: user
        or dword [PT_ID+7*4], 4
        or dword [PT_ID+8*4], 4
%endif
        mov dword [PD+0x3ff*4], PD|0x003                ; self map
        mov eax, 0x10|0x200|0x80                        ; PSE, OSFXSR, PGE
        mov cr4, eax
        mov eax, PD
        mov cr3, eax
        mov eax, cr0
        or eax, 0x80010000
        mov cr0, eax
        jmp 0x08:.on
.on:
%elif MODE == 36
PDPT    equ STRUCT+0xfe0
PD0     equ STRUCT+0x1000
PD3     equ STRUCT+0x2000
PT_K    equ STRUCT+0x3000
PT_ID   equ STRUCT+0x4000
        mov edi, PD0                    ; 2M identity pages for 2..32M, first 2M by 4K
        mov eax, 0x083
        mov ecx, 16
.i:     mov [edi], eax
        mov dword [edi+4], 0
        add edi, 8
        add eax, 0x200000
        loop .i
        mov edi, PT_ID
        mov eax, 0x003
        mov ecx, 512
.j:     mov [edi], eax
        mov dword [edi+4], 0
        add edi, 8
        add eax, 0x1000
        loop .j
        mov dword [PD0], PT_ID|0x003
        mov edi, PT_K
        call scramble64
        mov dword [PDPT+0*8], PD0|1
        mov dword [PDPT+3*8], PD3|1
        mov dword [PD3+0*8], PT_K|0x007                 ; 0xC0000000 scrambled window
        mov dword [PD3+1*8], 0x00800000|0x083           ; 0xC0200000 -> 8M
        mov dword [PD3+2*8], 0x00C00000|0x187           ; 0xC0400000 -> 12M
        mov dword [PD3+3*8], 0xCAFE0000                 ; not present
        mov eax, 0x20|0x10|0x200|0x80
        mov cr4, eax
        mov eax, PDPT
        mov cr3, eax
        mov eax, cr0
        or eax, 0x80010000
        mov cr0, eax
        jmp 0x08:.on
.on:
%elif LONG
PML4    equ STRUCT
PDPT0   equ STRUCT+0x1000
PD0     equ STRUCT+0x2000
PT_ID   equ STRUCT+0x3000
PDPTK   equ STRUCT+0x4000
PDK     equ STRUCT+0x5000
PT_K    equ STRUCT+0x6000
PDPTD   equ STRUCT+0x7000
PDD     equ STRUCT+0x8000
PDH     equ STRUCT+0x9000
PDH2    equ STRUCT+0xa000
PML5    equ STRUCT+0xb000
PML4D   equ STRUCT+0xc000
PDPT5   equ STRUCT+0xd000
        mov edi, PD0
        mov eax, 0x083
        mov ecx, 16
.i:     mov [edi], eax
        add edi, 8
        add eax, 0x200000
        loop .i
        mov edi, PT_ID
        mov eax, 0x003
        mov ecx, 512
.j:     mov [edi], eax
        add edi, 8
        add eax, 0x1000
        loop .j
        mov dword [PD0], PT_ID|0x003
        mov edi, PT_K
        call scramble64
        mov dword [PML4+0*8], PDPT0|3
        mov dword [PDPT0+0*8], PD0|3
        mov dword [PML4+511*8], PDPTK|7
        mov dword [PDPTK+510*8], PDK|7
        mov dword [PDK+0*8], PT_K|7                     ; 0xffffffff80000000 scrambled window
        mov dword [PDK+1*8], 0x00800000|0x083           ; 0xffffffff80200000 -> 8M
        mov dword [PDK+2*8], 0x00C00000|0x187           ; 0xffffffff80400000 -> 12M
        mov dword [PDK+2*8+4], 0x80000000               ;   NX
        mov dword [PDK+3*8], 0xCAFE0000                 ; not present
        mov dword [PML4+256*8], PDPTD|3                 ; 0xffff800000000000 direct map, 2M pages
        mov dword [PML4+256*8+4], 0x80000000            ;   NX at the top
        mov dword [PDPTD+0*8], PDD|3
        mov edi, PDD
        mov eax, 0x083
        mov ecx, 8
.k:     mov [edi], eax
        add edi, 8
        add eax, 0x200000
        loop .k
%ifdef HIGH
        mov dword [PDPTD+4*8], PDH|3                    ; 0xffff800100000000 -> 4 GiB (direct map)
        mov dword [PDH], 0x083
        mov dword [PDH+4], 1
        mov dword [PDPTD+2*8], PDH2|3                   ; 0xffff800080000000 -> 2 GiB
        mov dword [PDH2], 0x80000083
%endif
%if MODE == 57
        mov dword [PML5+0*8], PML4|7
        mov dword [PML5+511*8], PML4|7
        mov dword [PML5+256*8], PML4D|3
        mov dword [PML4D+0*8], PDPT5|3
        mov dword [PDPT5+0*8], PDD|3
        mov dword [PDPT5+1*8], 0x083                    ; 1 GiB page
        mov eax, 0x1000|0x20|0x10|0x200|0x80            ; LA57, PAE, PSE, OSFXSR, PGE
        mov cr4, eax
        mov eax, PML5
        mov cr3, eax
%else
        mov eax, 0x20|0x10|0x200|0x80                   ; PAE, PSE, OSFXSR, PGE
        mov cr4, eax
        mov eax, PML4
        mov cr3, eax
%endif
        mov ecx, 0xc0000080
        rdmsr
        or eax, 0x901                   ; SCE, LME, NXE
        wrmsr
        mov eax, cr0
        or eax, 0x80010000
        mov cr0, eax
        jmp 0x18:lm64
        bits 64
lm64:   mov ax, 0x20
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov fs, ax
        mov gs, ax
%ifdef HIGH
        mov rdi, 0xffff800100000000
        mov ecx, 0x4000
        mov eax, 0xD8000000
.hi:    stosd
        inc eax
        loop .hi
        mov rdi, 0xffff800080000000
        mov ecx, 0x400
        mov eax, 0xE9000000
.h2:    stosd
        inc eax
        loop .h2
%endif
        mov ecx, 0xc0000081             ; STAR
        mov eax, 0x11223344
        mov edx, 0x00230018
        wrmsr
        inc ecx                         ; LSTAR
        mov eax, 0x81234567
        mov edx, 0xffffffff
        wrmsr
        inc ecx                         ; CSTAR
        mov eax, 0x89abcdef
        mov edx, 0xffffffff
        wrmsr
        inc ecx                         ; FMASK
        mov eax, 0x00047700
        xor edx, edx
        wrmsr
        mov ecx, 0xc0000100             ; FS base
        mov eax, 0x00123000
        mov edx, 0xffff8000
        wrmsr
        inc ecx                         ; GS base
        mov eax, 0x00456000
        mov edx, 0xffff8000
        wrmsr
        inc ecx                         ; KERNEL_GS_BASE
        mov eax, 0xcafef00d
        mov edx, 0x00007fff
        wrmsr
%endif

%if MODE == 0
        mov eax, 0x200
        mov cr4, eax
        jmp 0x28:.r16
        bits 16
.r16:   mov ax, 0x30
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov fs, ax
        mov gs, ax
        mov eax, cr0
        and al, 0xfe
        mov cr0, eax
        jmp 0:.rm
.rm:    mov ax, 0x1234
        mov ds, ax
        mov ax, 0x2345
        mov es, ax
        mov ax, 0x3456
        mov fs, ax
        mov ax, 0x4567
        mov gs, ax
        xor ax, ax
        mov ss, ax
        fninit
        fldpi
        fld1
        mov eax, 0x11111111
        mov ebx, 0x22222222
        mov ecx, 0x33333333
        mov edx, 0x44444444
        mov esi, 0x55555555
        mov edi, 0x66666666
        mov ebp, 0x77777777
        mov esp, 0x00007b00
.h:     hlt
        jmp .h
        bits 32
%else
  %if LONG == 0
        bits 32
  %endif
        lidt [idtr]
        mov ax, 0x38
        lldt ax
        mov ax, 0x48
        ltr ax
        mov ecx, 0x174                  ; SYSENTER_CS/ESP/EIP
        mov eax, 0x60
        xor edx, edx
        wrmsr
        inc ecx
        mov eax, 0x80765430
        mov edx, -1
        wrmsr
        inc ecx
        mov eax, 0x80abcde0
        mov edx, -1
        wrmsr
        fninit
        fldpi
        fld1
        fldl2e
  %if LONG
        mov rax, 0x00000000c0000010
        mov dr0, rax
        mov rax, 0xffffffff80001000
        mov dr1, rax
  %else
        mov eax, 0xc0000010
        mov dr0, eax
        mov eax, 0xc0001000
        mov dr1, eax
  %endif
        movdqu xmm0, [xmmpat]
        movdqu xmm1, [xmmpat+16]
        movdqu xmm7, [xmmpat+32]
  %if LONG
        movdqu xmm8, [xmmpat+16]
        movdqu xmm15, [xmmpat+32]
   %ifdef AVX
        mov rax, cr4
        or eax, 0x40000                 ; OSXSAVE
        mov cr4, rax
        xor ecx, ecx
        xor edx, edx
        mov eax, 7
        xsetbv
        vmovdqu ymm2, [ymmpat]
        vmovdqu ymm14, [ymmpat+8]
   %endif
   %ifdef SVM
        call nested
   %endif
        mov r8,  0x8888888888888888
        mov r9,  0x9999999999999999
        mov r10, 0xaaaaaaaaaaaaaaaa
        mov r11, 0xbbbbbbbbbbbbbbbb
        mov r12, 0xcccccccccccccccc
        mov r13, 0xdddddddddddddddd
        mov r14, 0xeeeeeeeeeeeeeeee
        mov r15, 0x0123456789abcdef
        mov rax, 0x1111111111111111
        mov rbx, 0x2222222222222222
        mov rcx, 0x3333333333333333
        mov rdx, 0x4444444444444444
        mov rsi, 0x5555555555555555
        mov rdi, 0x6666666666666666
        mov rbp, 0x7777777777777777
        mov rsp, 0xffffffff8000aff0
        mov cr2, rax
   %ifdef COMPAT
        push qword 0x08
        push qword .h
        o64 retf
        bits 32
   %elifdef SVM
        mov eax, VMCB
        vmrun
        ud2
   %endif
  %else
        mov eax, 0xc1c2c3c4
        mov cr2, eax
        mov eax, 0x11111111
        mov ebx, 0x22222222
        mov ecx, 0x33333333
        mov edx, 0x44444444
        mov esi, 0x55555555
        mov edi, 0x66666666
        mov ebp, 0x77777777
        mov esp, 0xc000aff0
   %ifdef VM86
        push dword 0x4567               ; gs, fs, ds, es, ss, esp, eflags (VM, IOPL 3), cs, eip
        push dword 0x3456
        push dword 0x1234
        push dword 0x2345
        push dword 0x5678
        push dword 0xaff0
        push dword 0x23002
        push dword 0
        push dword .v
        iretd
        bits 16
.v:     jmp .v
        bits 32
   %elifdef SMM
        mov dword [0xfee00300], 0x44200 ; SMI to self
   %endif
  %endif
.h:     hlt
        jmp .h
%endif
%ifdef SVM
VMCB    equ 0x600000
HSAVE   equ 0x601000
NPT     equ 0x602000                    ; PML4, PDPT, PD
        bits 64
nested: mov ecx, 0xc0000080             ; EFER.SVME
        rdmsr
        or eax, 0x1000
        wrmsr
        mov ecx, 0xc0010117             ; VM_HSAVE_PA
        mov eax, HSAVE
        xor edx, edx
        wrmsr
        mov edi, VMCB                   ; AMD APM volume 2, appendix B
        mov rax, rdi
        vmsave                          ; FS, GS, TR, LDTR and the system-call registers
        mov dword [rdi+0x010], 1        ; intercept VMRUN
        mov dword [rdi+0x058], 1        ; ASID
  %if SVM == 2
        mov dword [rdi+0x090], 1        ; nested paging
        mov dword [rdi+0x0b0], NPT
        mov dword [NPT], (NPT+0x1000)|7
        mov dword [NPT+0x1000], (NPT+0x2000)|7
        mov ebx, NPT+0x2000
        mov eax, 0x87
        mov ecx, 512
.n:     mov [rbx], eax                  ; 1 GiB of 2M pages
        add eax, 0x200000
        add ebx, 8
        loop .n
  %endif
        mov dword [rdi+0x400], 0x0c930020       ; ES
        mov dword [rdi+0x404], -1
        mov dword [rdi+0x410], 0x0a9b0018       ; CS
        mov dword [rdi+0x414], -1
        mov dword [rdi+0x420], 0x0c930020       ; SS
        mov dword [rdi+0x424], -1
        mov dword [rdi+0x430], 0x0c930020       ; DS
        mov dword [rdi+0x434], -1
        mov dword [rdi+0x464], gdt_end-gdt-1    ; GDTR
        mov dword [rdi+0x468], gdt
        mov dword [rdi+0x484], 0x7ff            ; IDTR
        mov rax, 0xffffffff80003000
        mov [rdi+0x488], rax
        mov ecx, 0xc0000080
        rdmsr
        mov [rdi+0x4d0], eax                    ; EFER
        mov rax, cr4
        mov [rdi+0x548], rax
        mov rax, cr3
        mov [rdi+0x550], rax
        mov rax, cr0
        mov [rdi+0x558], rax
        mov dword [rdi+0x560], 0x400            ; DR7
        mov dword [rdi+0x568], 0xffff0ff0       ; DR6
        mov dword [rdi+0x570], 2                ; RFLAGS
        mov dword [rdi+0x578], .l2              ; RIP
        mov rax, 0xffffffff8000aff0
        mov [rdi+0x5d8], rax                    ; RSP
        mov rax, 0x1111111111111111
        mov [rdi+0x5f8], rax                    ; RAX
        mov [rdi+0x640], rax                    ; CR2
        mov rax, 0x0007040600070406
        mov [rdi+0x668], rax                    ; PAT
        ret
.l2:    hlt
        jmp .l2
%endif

        bits 32
fill:                                   ; ecx words from eax up, at edi
.l:     stosd
        inc eax
        loop .l
        ret
%ifdef PAM
shadow: mov al, 0x30                    ; PAM0, high nibble: 0xf0000 read and write RAM
        mov ecx, PAM
        call pam
        mov al, 0x33                    ; PAM1: 0xc0000 and 0xc4000 read and write RAM
        mov ecx, PAM+1
        call pam
        mov edi, 0xc0000
        mov ecx, 8
        call stamp
        mov edi, 0xf0000
        mov ecx, 16
        call stamp
        mov al, 0x10                    ; 0xf0000 read only
        mov ecx, PAM
        call pam
        mov al, 0x13                    ; 0xc4000 read only, 0xc0000 read and write
        mov ecx, PAM+1
pam:    push eax                        ; PCI 0:0.0 configuration register ecx = al
        mov eax, ecx
        and eax, ~3
        or eax, 0x80000000
        mov dx, 0xcf8
        out dx, eax
        mov edx, ecx
        and edx, 3
        add edx, 0xcfc
        pop eax
        out dx, al
        ret
stamp:  mov dword [edi], "SHAD"         ; ecx pages at edi
        mov dword [edi+4], "OW"
        mov [edi+8], edi
        add edi, 0x1000
        loop stamp
        ret
%endif
%if MODE == 32
scramble32:
        xor ecx, ecx
.l:     call entry
        stosd
        inc ecx
        cmp ecx, 256
        jb .l
        ret
%elif MODE != 0
scramble64:
        xor ecx, ecx
.l:     call entry
        stosd
        xor eax, eax
        stosd
        inc ecx
        cmp ecx, 256
        jb .l
        ret
%endif
%if MODE != 0
entry:  mov eax, ecx                    ; ecx = v -> eax = entry (low 32 bits)
        imul eax, 37
        add eax, 11
        and eax, 255
        shl eax, 12
        add eax, 0x200000
        or eax, 3
        mov ebx, ecx
        and ebx, 3
        cmp ebx, 1
        jne .a
        and eax, ~2
.a:     mov ebx, ecx
        and ebx, 7
        cmp ebx, 2
        jne .b
        or eax, 4
.b:     mov ebx, ecx
        and ebx, 15
        cmp ebx, 15
        jne .c
        mov eax, 0xDEAD0000
.c:     ret
%endif
        align 16
xmmpat: dq 0x0011223344556677, 0x8899aabbccddeeff
        dq 0xfedcba9876543210, 0x0f1e2d3c4b5a6978
        dq 0x7777777777777777, 0x1234567812345678
%ifdef AVX
ymmpat: dq 0x1111222233334444, 0x5555666677778888, 0x9999aaaabbbbcccc, 0xddddeeeeffff0000, 0x0123456789abcdef
%endif
        align 8
gdt:    dq 0
        dq 0x00cf9b000000ffff           ; 08 code32
        dq 0x00cf93000000ffff           ; 10 data32
        dq 0x00af9b000000ffff           ; 18 code64
        dq 0x00cf93000000ffff           ; 20 data
        dq 0x00009b000000ffff           ; 28 code16
        dq 0x000093000000ffff           ; 30 data16
        dw 0x0017, 0x9000, 0x8200, 0, 0, 0, 0, 0        ; 38 LDT  base 0x9000 limit 0x17 (16-byte in long mode)
        dw 0x0067, 0xa000, 0x8900, 0, 0, 0, 0, 0        ; 48 TSS  base 0xa000 limit 0x67
gdt_end:
gdtr:   dw gdt_end-gdt-1
        dd gdt
        dd 0
idtr:   dw 0x07ff
%if LONG
        dq 0xffffffff80003000
%else
        dq 0x00000000c0003000
%endif
text:   db "PGGUEST MODE="
%if MODE == 0
        db "0 real"
%elif MODE == 32
        db "32 nonPAE 4K+4M"
%elif MODE == 36
        db "36 PAE 4K+2M"
%elif MODE == 64
        db "64 long 4K+2M"
%else
        db "57 long 4K+2M+1G"
%endif
        db " -- the quick brown fox jumps over the lazy dog 0123456789", 10, 0
text_end:
%ifdef SMP
arrived dd 0
        times AP_PAGE-0x7c00-($-$$) db 0
        bits 16
        cli
        xor ax, ax
        mov ds, ax
        lgdt [gdtr]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        jmp dword 0x08:ap32
        bits 32
ap32:   mov ax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov ebx, [0xfee00020]                   ; APIC ID register
        shr ebx, 24
        mov ebp, 0xaaaaaaaa
        mov esp, 0x00007b00
        mov eax, 1
        lock xadd [arrived], eax
        add eax, 0xa0000000
.h:     hlt
        jmp .h
%endif
program_end:

; ---- reset: the last page of the ROM, at f000:f000 (and at 0xfffff000)
        times 0xff00-($-$$) db 0
        bits 16
        cli
        cld
        mov ax, 0xf000
        mov ds, ax
        xor si, si
        xor ax, ax
        mov es, ax
        mov ss, ax
        mov sp, ax
        mov di, 0x7c00
        mov cx, program_end-$$
        rep movsb
        mov ds, ax
        in al, 0x92                     ; A20 on
        or al, 2
        and al, 0xfe
        out 0x92, al
        mov al, 0xff                    ; mask both PICs
        out 0x21, al
        out 0xa1, al
        jmp 0:stage2
        times 0xfff0-($-$$) db 0
        jmp 0xf000:0xff00
        times 65536-($-$$) db 0
