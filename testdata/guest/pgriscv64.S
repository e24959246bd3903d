# pgriscv64.S - a bare-metal riscv64 guest for checking memory loaders; the sister of pgguest.asm.
#
#   riscv64-linux-gnu-as -march=rv64gc --defsym SV=39|48|57 pgriscv64.S -o g.o && riscv64-linux-gnu-ld -Ttext 0x80000000 ... && objcopy
#   qemu-system-riscv64 -M virt -m 16 -nodefaults -display none -bios none -device loader,file=g.bin,addr=0x80000000
#
# Physical memory written, B = 0x80000000, 32-bit little-endian words, n counts words:
#   B                     this program
#   B+0x100000..          page tables (the .set lines below)
#   B+0x200000..0x2fffff  every eighth 4 KiB page i: words 0xA5000000|(i<<12)|(n&~15)
#   B+0x400000            text "PGGUEST RISCV64..."
#   B+0x800000, 16 KiB    0xB6000000+n
#   B+0xc00000, 16 KiB    0xC7000000+n
#
# Virtual (satp: MODE 8, 9, 10, ASID 0x42), K = 0xffffffffc0000000:
#   B..B+16 MiB  identity, first 2 MiB by pages, then 2 MiB leaves
#   K+v*0x1000, v=0..255  B+0x200000+((v*37+11)&255)*0x1000; v%16==15 invalid (0xDEAD0000), v%4==1 no write, v%8==2 user
#   K+2 MiB leaf B+0x800000;  K+4 MiB leaf B+0xc00000, user, global, no execute;  K+6 MiB invalid (0xCAFE0000)
#   0xffffffff80000000  1 GiB leaf B.  Sv48, Sv57: the first half of the low addresses repeats this (entries 0 and 511 share one table)
#
# Registers at the end: x1..x30 = 0x0101010101010101*i (x2 is sp), x31 = 0x0123456789abcdef, f0 = 1.0, f31 = 0x4009... (pi), S-mode, wfi.

        .set B, 0x80000000
        .set T, B+0x100000
        .set ROOT3, T                   # VPN[2]
        .set L2, T+0x1000               # VPN[1] of the identity map
        .set L3, T+0x2000               # VPN[0]
        .set K2, T+0x3000
        .set K3, T+0x4000
        .set ROOT4, T+0x5000
        .set ROOT5, T+0x6000
        .if SV == 39
        .set SATP, (8<<60)|(0x42<<44)|(ROOT3>>12)
        .elseif SV == 48
        .set SATP, (9<<60)|(0x42<<44)|(ROOT4>>12)
        .else
        .set SATP, (10<<60)|(0x42<<44)|(ROOT5>>12)
        .endif
        .set V, 1
        .set R, 2
        .set W, 4
        .set X, 8
        .set U, 16
        .set G, 32
        .set AD, 0xc0                   # accessed, dirty

        .macro put address, pa, flags
        li t0, \address
        li t1, ((\pa)>>2)|(\flags)
        sd t1, 0(t0)
        .endm
        .macro words address, first, count
        li a0, \address
        li a1, \first
        li a2, \count
        call fill
        .endm
        .macro run address, pa, flags, step, count
        li a0, \address
        li a1, ((\pa)>>2)|(\flags)
        li a2, (\step)>>2
        li a3, \count
        call entries
        .endm

        .option norelax
        .text
        .globl _start
_start: li s0, 0                        # patterns: page number << 12
1:      li a0, B+0x200000
        add a0, a0, s0
        li a1, 0xA5000000
        or a1, a1, s0
        li a2, 0
        li t1, 1024
11:     andi t0, a2, ~15                # runs of 16 equal words: the images stay small when compressed
        or t0, t0, a1
        sw t0, 0(a0)
        addi a0, a0, 4
        addi a2, a2, 1
        bltu a2, t1, 11b
        li t0, 8<<12
        add s0, s0, t0
        li t0, 256<<12
        bltu s0, t0, 1b
        words B+0x800000, 0xB6000000, 0x1000
        words B+0xc00000, 0xC7000000, 0x1000
        la a0, text
        li a1, B+0x400000
        la a2, text_end
2:      lbu t0, 0(a0)
        sb t0, 0(a1)
        addi a0, a0, 1
        addi a1, a1, 1
        bltu a0, a2, 2b

        put ROOT3+2*8, L2, V
        run L2, B, V|R|W|X|AD, 0x200000, 8
        put L2, L3, V
        run L3, B, V|R|W|X|AD, 0x1000, 512
        put ROOT3+510*8, B, V|R|W|G|AD
        put ROOT3+511*8, K2, V
        put K2, K3, V
        put K2+1*8, B+0x800000, V|R|W|X|AD
        put K2+2*8, B+0xc00000, V|R|W|U|G|AD
        put K2+3*8, 0x32bf80000, 0      # entry 0xCAFE0000
        .if SV >= 48
        put ROOT4, ROOT3, V
        put ROOT4+511*8, ROOT3, V
        .endif
        .if SV == 57
        put ROOT5, ROOT4, V
        put ROOT5+511*8, ROOT4, V
        .endif

        li a0, K3                       # the scrambled window
        li a1, 0
3:      li t0, 37
        mul t0, a1, t0
        addi t0, t0, 11
        andi t0, t0, 255
        slli t0, t0, 10
        li t1, ((B+0x200000)>>2)|V|R|W|X|AD
        add t0, t0, t1
        andi t1, a1, 3
        li t2, 1
        bne t1, t2, 4f
        andi t0, t0, ~W
4:      andi t1, a1, 7
        li t2, 2
        bne t1, t2, 5f
        ori t0, t0, U
5:      andi t1, a1, 15
        li t2, 15
        bne t1, t2, 6f
        li t0, 0xDEAD0000
6:      sd t0, 0(a0)
        addi a0, a0, 8
        addi a1, a1, 1
        li t2, 256
        bne a1, t2, 3b

        li t0, -1                       # PMP: everything is allowed
        csrw pmpaddr0, t0
        li t0, 0x1f
        csrw pmpcfg0, t0
        li t0, SATP
        csrw satp, t0
        sfence.vma
        li t0, 0x1234567812345678
        csrw sscratch, t0
        li t0, 0x80005554
        csrw stvec, t0
        li t0, (1<<11)|(1<<13)          # MPP = S, FS = initial
        csrw mstatus, t0
        la t0, 7f
        csrw mepc, t0
        mret
7:      la t0, pi
        fld f31, 0(t0)
        fld f0, 8(t0)
        .irp i, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
        li x\i, 0x0101010101010101*\i
        .endr
        li x31, 0x0123456789abcdef
8:      wfi
        j 8b

fill:   sw a1, 0(a0)                    # a2 words from a1 up, at a0
        addi a0, a0, 4
        addi a1, a1, 1
        addi a2, a2, -1
        bnez a2, fill
        ret
entries:
        sd a1, 0(a0)
        addi a0, a0, 8
        add a1, a1, a2
        addi a3, a3, -1
        bnez a3, entries
        ret
        .balign 8
pi:     .quad 0x400921fb54442d18, 0x3ff0000000000000
text:   .ascii "PGGUEST RISCV64 -- the quick brown fox jumps over the lazy dog 0123456789\n\0"
text_end:
